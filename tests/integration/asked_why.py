"""A whole system on servers of its own, something that is wrong with it, and `onboarding why`.

What `why` told of each cause is kept for the documents: .onboarding/reports/why.json.
"""

import asyncio
import json
import os
import shlex
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from deploy.local.child import leash
from deploy.local.stack import Stack
from tests.integration import ran, starts
from tests.integration.mongo_proxy import Wire, wire_to
from tests.integration.operators import REST, environment, odd_contract
from tests.integration.polling import until
from tests.integration.ran import Ran
from tests.integration.system import System, system
from tests.own_servers import servers_or_skip

CALL_SECONDS, RETRY_SECONDS = 10, 6
SETTINGS = {
    "ONBOARDING_STEP_TIMEOUT_SECONDS": "600",  # so that nothing is undone while it is looked at
    "ONBOARDING_SWEEP_SECONDS": "0.2",
    "ONBOARDING_CALL_TIMEOUT_SECONDS": str(CALL_SECONDS),
    "ONBOARDING_RETRY_BASE_SECONDS": str(RETRY_SECONDS),
    "ONBOARDING_RETRY_CAP_SECONDS": str(RETRY_SECONDS),
}
REPORT = Path(".onboarding/reports/why.json")


@dataclass
class Asked:
    """The system, its servers, the wire to its database, and the command line on it."""

    running: System
    servers: Stack
    wire: Wire
    folder: Path
    env: dict[str, str]
    told: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def bug_file(self) -> Path:
        return self.folder / "bug"

    @property
    def slow_file(self) -> Path:
        return self.folder / "slow"

    async def onboarding(self, *arguments: str) -> Ran:
        return await ran.onboarding(*arguments, env=self.env, folder=self.folder)

    async def start(self, tenant: str = "default", **data: Any) -> str:
        """A start; its correlation id."""
        name = f"why-{uuid.uuid4().hex[:8]}"
        sent = starts.start(name, **data).with_headers(ce_tenantid=tenant)
        await starts.send(self.running.kafka, self.running.start_topic, sent)
        return name

    async def until_status(self, name: str, *statuses: str) -> dict[str, Any]:
        async def so() -> dict[str, Any] | None:
            found = await self.running.sagas(correlation_id=name)
            return found[0] if found and found[0]["status"] in statuses else None

        return await until(f"{name} {statuses}", so) or {}

    async def why(self, name: str, *options: str) -> Any:
        """The answer; empty if nobody knows the id yet."""
        told = await self.onboarding("why", name, *self._here, *options, "-o", "json")
        return told.json if told.code == 0 else {}

    async def until_why(self, name: str, cause: str, *options: str) -> Any:
        """The answer once that cause is its first; kept for the documents."""
        last: dict[str, Any] = {}

        async def so() -> bool:
            last.clear()
            last.update(await self.why(name, *options))
            return bool(last.get("cause") == cause)

        try:
            await until(f"{cause} of {name}", so, pause=0.5)
        except AssertionError as error:
            raise AssertionError(f"{error}: {json.dumps(last, indent=1)}") from None
        shown = await self.onboarding("why", name, *self._here, *options)
        if cause not in self.told:
            self.told[cause] = {
                "sentence": last["sentence"], "command": last["command"], "shown": shown.out,
            }  # fmt: skip
        return last

    async def do(self, command: str, *more: str) -> Ran:
        """Run a command of the command line that `why` named."""
        program, *arguments = shlex.split(command)
        assert program == "onboarding", command
        return await self.onboarding(*arguments, *more)

    async def redrive(self, command: str) -> Ran:
        """As a person does: look first, then agree to what was shown."""
        looked = await self.do(command, "--dry-run", "-o", "json")
        assert looked.code == 0, looked.err
        return await self.do(command, "--yes", looked.json["hash"])

    @asynccontextmanager
    async def process(self, command: str, **env: str) -> AsyncIterator[None]:
        """What a `python -m` command runs, for as long as the block lasts."""
        program, *arguments = shlex.split(command)
        assert program == "python", command
        home = self.folder / uuid.uuid4().hex
        home.mkdir()
        told = {"ONBOARDING_HEALTH_FILE": str(home / "health"), **env}
        with (home / "log").open("wb") as output:
            one = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, env={**self.env, **told}, cwd=home,
                stdout=output, stderr=asyncio.subprocess.STDOUT, preexec_fn=leash(os.getpid()),
            )  # fmt: skip
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                one.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(one.wait(), 30)
            if one.returncode is None:
                one.kill()
                await one.wait()

    def keep(self) -> None:
        """What was told of each cause, for the documents."""
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        kept = json.loads(REPORT.read_text()) if REPORT.exists() else {}
        REPORT.write_text(json.dumps({**kept, **self.told}, indent=2, sort_keys=True))

    @property
    def _here(self) -> tuple[str, str]:
        return "--data", str(self.running.stack.supervisor.folder.root)


@asynccontextmanager
async def asked_why(broker: Literal["embedded", "apache"], folder: Path) -> AsyncIterator[Asked]:
    """All of it, ready; it is gone when the block ends."""
    prefix = f"w{uuid.uuid4().hex[:8]}-"
    async with AsyncExitStack() as up:
        servers = await up.enter_async_context(servers_or_skip(broker, folder / "servers"))
        wire = await up.enter_async_context(wire_to(servers.mongo))
        running = await up.enter_async_context(
            system(
                servers.kafka, wire.uri, prefix, folder / "up", REST, env=SETTINGS, platform=True
            )
        )
        env = environment(running, SETTINGS)
        slowly = {**env, "ONBOARDING_BATCH_MAX": "5"}
        await up.enter_async_context(odd_contract(slowly, folder / "bug"))
        here = {**env, "ONBOARDING_MONGO": servers.mongo}
        asked = Asked(running, servers, wire, folder, here)
        yield asked
        asked.keep()
