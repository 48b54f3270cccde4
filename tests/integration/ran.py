"""Our programs as child processes that end by themselves: what they said, and how they ended."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.child import leash

PROGRAM = str(Path(sys.executable).with_name("onboarding"))
CLEAN = {name: text for name, text in os.environ.items() if not name.startswith("ONBOARDING_")}


@dataclass(frozen=True)
class Ran:
    """How it ended."""

    code: int | None
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


async def service(name: str, env: Mapping[str, str], folder: Path) -> Ran:
    """`python -m` a service, which is expected to refuse."""
    module = name if name == "saga_state" else f"services.{name}"
    return await _ran((sys.executable, "-m", module), env, folder)


async def onboarding(*arguments: str, env: Mapping[str, str], folder: Path) -> Ran:
    """The command line."""
    return await _ran((PROGRAM, *arguments), env, folder)


async def begin(
    *arguments: str, env: Mapping[str, str], folder: Path
) -> asyncio.subprocess.Process:
    """The command line, for who wants to see to its end himself; what it says is lost."""
    return await _start((PROGRAM, *arguments), env, folder, asyncio.subprocess.DEVNULL)


async def _ran(argv: tuple[str, ...], env: Mapping[str, str], folder: Path) -> Ran:
    process = await _start(argv, env, folder, asyncio.subprocess.PIPE)
    try:
        out, err = await asyncio.wait_for(process.communicate(), 240)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ran(process.returncode, out.decode(), err.decode())


async def _start(
    argv: tuple[str, ...], env: Mapping[str, str], folder: Path, output: int
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *argv, env={**CLEAN, **env}, cwd=folder, stdin=asyncio.subprocess.DEVNULL,
        stdout=output, stderr=output, preexec_fn=leash(os.getpid()),
    )  # fmt: skip
