"""The sandbox platform as the tests have it: in this process or as one of its own, and its log."""

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web

from deploy.local.child import leash
from deploy.local.platform_app import build_app
from deploy.local.platform_effects import Effects

PARTNER = "p-1"


@dataclass(frozen=True)
class Sandbox:
    """Where it is, and where it says what it did."""

    url: str
    log: Path

    def effects(self, **wanted: Any) -> list[dict[str, Any]]:
        """The lines of its log, those with these values."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [one for one in lines if wanted.items() <= one.items()]

    def done(self, step: str, saga: str) -> list[str]:
        """What it did for a saga, in order."""
        return [one["what"] for one in self.effects(step=step, saga=saga)]

    def counted(self, what: str) -> Counter[tuple[str, str]]:
        """How often it did so, by step and saga."""
        return Counter((one["step"], one["saga"]) for one in self.effects(what=what))

    async def tell(self, fault: str, **whom: Any) -> None:
        answer = await self.call("POST", "/faults", {"fault": fault, **whom})
        assert answer.status_code == 201, answer.text

    async def told(self) -> list[dict[str, Any]]:
        return (await self.call("GET", "/faults")).json()["faults"]

    async def heal(self) -> None:
        """No faults any more."""
        assert (await self.call("DELETE", "/faults")).status_code == 204

    async def put(
        self, saga: str, step: str = "documents", partner_id: str = PARTNER
    ) -> httpx.Response:
        body = {"partner_id": partner_id}
        return await self.call("PUT", f"/{step}/{saga}", body, f"{saga}:{step}:do")

    async def delete(self, saga: str, step: str = "documents") -> httpx.Response:
        return await self.call("DELETE", f"/{step}/{saga}", key=f"{saga}:{step}:undo")

    async def get(self, saga: str, step: str = "documents") -> httpx.Response:
        return await self.call("GET", f"/{step}/{saga}")

    async def call(
        self, method: str, path: str, body: Any = None, key: str | None = None, **more: Any
    ) -> httpx.Response:
        more.setdefault("headers", {"Idempotency-Key": key} if key else {})
        async with httpx.AsyncClient(timeout=10, verify=False, trust_env=False) as client:
            return await client.request(method, f"{self.url}{path}", json=body, **more)


@asynccontextmanager
async def sandbox_here(
    log: Path, api_key: str | None = None, **options: Any
) -> AsyncIterator[Sandbox]:
    """In this process."""
    effects = Effects(log, lambda: datetime(2026, 3, 1, tzinfo=UTC), **options)
    runner = web.AppRunner(build_app(effects, api_key), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Sandbox(f"http://127.0.0.1:{runner.addresses[0][1]}", log)
    finally:
        await runner.cleanup()


@asynccontextmanager
async def sandbox_process(
    log: Path, port: int = 0, *arguments: str
) -> AsyncIterator[tuple[Sandbox, asyncio.subprocess.Process]]:
    """As a process of its own, that serves already."""
    process = await start_sandbox("--port", str(port), "--log", str(log), *arguments)
    try:
        assert process.stdout
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        yield Sandbox(line.decode().strip(), log), process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def start_sandbox(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.local.platform", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        preexec_fn=leash(os.getpid()),
    )  # fmt: skip
