"""A running stack on which causes of alerts are made, and the Prometheus that watches it."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient

from deploy.local.stack import GATEWAY, SERVICES, Options, Stack, running
from deploy.local.supervisor import Supervisor
from services.runtime.settings import load_settings
from services.runtime.topics import create_topics
from tests.deploy.sandbox import Sandbox
from tests.integration import ran
from tests.integration.operators import environment
from tests.integration.polling import until
from tests.integration.starts import producer_to, send_by, start
from tests.integration.system import FAST_GROUPS, System
from tests.monitoring.alert_rules import FILE, scaled
from tests.monitoring.watching import Watched

SHORTER, SCRAPE_SECONDS = 60, 0.5
ENV = {
    **FAST_GROUPS,
    "ONBOARDING_EVENTS_LOST_SECONDS": "5",  # the five minutes of the default, so much shorter
    "ONBOARDING_STEP_TIMEOUT_SECONDS": "600",  # what waits here is not given up
    "ONBOARDING_DOCUMENTS_TIMEOUT_SECONDS": "30",
    "ONBOARDING_CALL_TIMEOUT_SECONDS": "60",
    "ONBOARDING_CALLS_MAX": "100",
    "ONBOARDING_RETRY_CAP_SECONDS": "1",
    "ONBOARDING_AUTH": "off",
}


@dataclass(frozen=True)
class Stage:
    """The system, its Prometheus, the platform of its outside systems."""

    watched: Watched
    platform: Sandbox

    @property
    def system(self) -> System:
        return self.watched.system

    @property
    def supervisor(self) -> Supervisor:
        return self.system.stack.supervisor

    @asynccontextmanager
    async def stopped(self, name: str) -> AsyncIterator[None]:
        """It is gone for as long as the block lasts."""
        await self.supervisor.stop(name)
        try:
            yield
        finally:
            await self.supervisor.start(name)

    @asynccontextmanager
    async def frozen(self, name: str) -> AsyncIterator[None]:
        """It does nothing for as long as the block lasts."""
        self.supervisor.kill(name, signal.SIGSTOP)
        try:
            yield
        finally:
            self.supervisor.kill(name, signal.SIGCONT)

    async def one_under_way(self, step: str) -> dict[str, Any]:
        """A saga that waits for that step, which must be away."""
        correlation_id = f"corr-{time.monotonic_ns()}"
        await self.watched.starts(start(correlation_id))

        async def waits() -> Any:
            found = await self.system.sagas(correlation_id=correlation_id, current_step=step)
            return found[0] if found else None

        return dict(await until(f"it waits for {step}", waits))

    async def trickle(self, seconds: float, pause_seconds: float = 1.0) -> int:
        """A start after each pause, for so long; how many."""
        count, began = 0, time.monotonic()
        async with producer_to(self.system.kafka) as producer:
            while count * pause_seconds < seconds:
                await send_by(producer, self.system.start_topic, [start()])
                count += 1
                await asyncio.sleep(max(0.0, began + count * pause_seconds - time.monotonic()))
        return count

    async def mongo(self, what: Callable[[Any], Awaitable[Any]]) -> None:
        """Do something with a client of the database."""
        async with AsyncMongoClient[dict[str, Any]](self.system.stack.mongo) as client:
            await what(client)

    async def redrive(self, *which: str) -> None:
        """As a person does: look first, then agree to what was shown."""
        looked = await self._onboarding("dlq", "redrive", *which, "--dry-run", "-o", "json")
        agreed = ("--reason", "mended", "--by", "ana", "--yes", looked.json["hash"])
        await self._onboarding("dlq", "redrive", *which, *agreed)

    async def quiet(self) -> None:
        """Wait until the gateway has looked for the first time, and nothing is wrong."""

        async def so() -> bool:
            looked = await self.watched.value("min(onboarding_instances)")
            return looked == 1 and not await self.watched.active()

        await until("nothing is wrong", so, 200)

    async def at_rest(self) -> None:
        """Wait until all sagas have ended, but for those whose undo waits for a person."""

        async def so() -> bool:
            return not await self.system.count(ended_at=None, half_undone=False)

        await until("the end of all sagas", so, 200)

    async def _onboarding(self, *arguments: str) -> ran.Ran:
        folder = self.supervisor.folder.root
        told = await ran.onboarding(*arguments, env=environment(self.system, ENV), folder=folder)
        assert told.code == 0, told.out + told.err
        return told


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    """All of it, ready; it is gone when the block ends. The logs stay in the folder, which is there."""
    rules = folder / "alerts.yaml"
    rules.write_text(scaled(FILE.read_text(), SHORTER))
    options = Options(
        folder / "stack", services=(*SERVICES, GATEWAY), platform=True, monitoring=True,
        rules=rules, scrape_seconds=SCRAPE_SECONDS, env=ENV,
    )  # fmt: skip

    async def prepare(kafka: str, mongo: str) -> None:
        await create_topics(load_settings(kafka=kafka, mongo=mongo, replication=1))

    async with running(options, prepare, lambda *_: None) as stack:
        yield _stage(stack)


def _stage(stack: Stack) -> Stage:
    folder = stack.supervisor.folder
    prometheus = json.loads(folder.run_file.read_text())["prometheus"]
    platform = Sandbox(stack.platform or "", folder.scratch / "platform.jsonl")
    return Stage(Watched(System(stack, ""), prometheus), platform)
