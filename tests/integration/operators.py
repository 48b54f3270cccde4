"""A system with what operators are for: a handler with a bug, and a platform that refuses to undo."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from deploy.local.child import leash
from tests.conftest import RealServers
from tests.integration import ran, starts
from tests.integration.polling import until
from tests.integration.system import FAST_GROUPS, System, system
from tests.integration.tiny import Worker

REST = ("registration", "documents", "campaigns", "recruitment", "saga_state")


@dataclass
class Platform:
    """The outside system of documents. While `refuses`, an undo is answered as no platform would."""

    refuses: bool = False
    url: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.calls.append((request.method, request.match_info["saga"]))
        refused = request.method == "DELETE" and self.refuses
        return web.Response(status=418 if refused else 204)


@dataclass
class Operated:
    """The system, what is wrong with it, and the command line on it."""

    running: System
    platform: Platform
    bug_file: Path
    env: dict[str, str]

    async def onboarding(self, *arguments: str) -> ran.Ran:
        return await ran.onboarding(*arguments, env=self.env, folder=self.bug_file.parent)

    async def start(self, correlation_id: str) -> None:
        await starts.send(
            self.running.kafka, self.running.start_topic, starts.start(correlation_id)
        )

    async def saga(self, correlation_id: str) -> dict[str, Any]:
        """Empty until it is projected."""
        found = await self.running.sagas(correlation_id=correlation_id)
        return found[0] if found else {}

    async def until_status(self, correlation_id: str, status: str) -> dict[str, Any]:
        async def so() -> dict[str, Any] | None:
            saga = await self.saga(correlation_id)
            return saga if saga.get("status") == status else None

        return await until(f"{correlation_id} {status}", so) or {}

    async def until_step(self, correlation_id: str, step: str, state: str) -> dict[str, Any]:
        async def so() -> dict[str, Any] | None:
            saga = await self.saga(correlation_id)
            states = {one["step"]: one["state"] for one in saga.get("steps", ())}
            return saga if states.get(step) == state else None

        return await until(f"{step} of {correlation_id} {state}", so) or {}


@asynccontextmanager
async def operated(servers: RealServers, prefix: str, folder: Path) -> AsyncIterator[Operated]:
    """All of it, ready; it is gone when the block ends."""
    platform, bug_file = Platform(), folder / "bug"
    async with _serving(platform):
        env = {
            "ONBOARDING_DOCUMENTS_URL": platform.url,
            "ONBOARDING_STEP_TIMEOUT_SECONDS": "600",
            "ONBOARDING_SWEEP_SECONDS": "0.2",
        }
        async with (
            system(servers.kafka, servers.mongo, prefix, folder / "up", REST, env=env) as running,
            odd_contract(environment(running, env), bug_file),
        ):
            yield Operated(running, platform, bug_file, environment(running, env))


@asynccontextmanager
async def _serving(platform: Platform) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_route("*", "/{saga}", platform.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        platform.url = f"http://{host}:{port}"
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def odd_contract(env: dict[str, str], bug_file: Path) -> AsyncIterator[None]:
    """The service with a bug while that file is there; it is ready."""
    home = bug_file.parent / "contract"
    home.mkdir()
    told = {"ONBOARDING_HEALTH_FILE": str(home / "health"), "BUG_FILE": str(bug_file)}
    with (home / "log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.integration.buggy_contract",
            env={**env, **told}, cwd=home,
            stdout=output, stderr=asyncio.subprocess.STDOUT, preexec_fn=leash(os.getpid()),
        )  # fmt: skip
    try:
        await Worker(process, home).ready()
        yield
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def environment(running: System, env: dict[str, str]) -> dict[str, str]:
    return {
        **FAST_GROUPS,
        "ONBOARDING_KAFKA": running.kafka,
        "ONBOARDING_MONGO": running.stack.mongo,
        "ONBOARDING_PREFIX": running.prefix,
        **{name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
        **env,
    }


def lines(rows: Sequence[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """Of `dlq list` what and how many."""
    return [(row["service"], row["class"], row["count"]) for row in rows]
