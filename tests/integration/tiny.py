"""Workers of the tiny service as child processes, and what came of what was sent to them."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import AsyncMongoClient

from deploy.local.child import leash
from tests.conftest import RealServers
from tests.integration.outside import PARTITIONS, Reading, Seen
from tests.integration.polling import until, until_nothing
from tests.integration.starts import Sent, send
from tests.integration.tiny_service import TOPICS

# How long a successor waits for a killed worker. Apache Kafka allows no less.
SESSION_SECONDS = 6


@dataclass
class Worker:
    """One process. Its log is a file, so that a full pipe cannot hold it."""

    process: asyncio.subprocess.Process
    folder: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    @property
    def url(self) -> str:
        return (self.folder / "health").read_text()

    def signal(self, how: signal.Signals) -> None:
        os.kill(self.pid, how)

    async def code(self, seconds: float = 150) -> int:
        """Its exit code; -9 if it was killed."""
        return await asyncio.wait_for(self.process.wait(), seconds)

    async def ready(self) -> "Worker":
        await until(f"ready: {self.folder / 'log'}", lambda: asyncio.to_thread(self._is_ready))
        return self

    def _is_ready(self) -> bool:
        with suppress(OSError, HTTPException), urlopen(f"{self.url}/readyz", timeout=5):
            return True
        assert self.process.returncode is None, self.log
        return False


@dataclass
class Tiny:
    """Topics of one test, and the workers on them."""

    servers: RealServers
    prefix: str
    folder: Path
    workers: list[Worker] = field(default_factory=list)
    readings: dict[str, Reading] = field(default_factory=dict)

    def topic(self, name: str) -> str:
        return f"{self.prefix}tiny.{name}"

    def tell(self, word: str) -> None:
        """hold, raise, hang, block."""
        (self.folder / word).touch()

    def take_back(self, word: str) -> None:
        (self.folder / word).unlink()

    async def make_topics(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers.kafka)
        await admin.start()
        topics = [NewTopic(f"{self.prefix}{name}", PARTITIONS, 1) for name in TOPICS]
        await admin.create_topics(topics)
        await admin.close()

    async def start(self, module: str = "tests.integration.tiny_service", **env: str) -> Worker:
        """A worker; settings of a test's servers under `env`."""
        home = self.folder / f"worker-{len(self.workers)}"
        home.mkdir()
        facts = {
            "ONBOARDING_KAFKA": self.servers.kafka,
            "ONBOARDING_MONGO": self.servers.mongo,
            "ONBOARDING_PREFIX": self.prefix,
            "ONBOARDING_FETCH_MAX_WAIT_MS": "20",
            "ONBOARDING_KAFKA_SESSION_TIMEOUT_SECONDS": str(SESSION_SECONDS),
            "ONBOARDING_KAFKA_HEARTBEAT_SECONDS": "1",
            "ONBOARDING_KAFKA_LEAVE_IN_REBALANCE": "off",
            "ONBOARDING_LOG_FORMAT": "json",
            "ONBOARDING_HEALTH_FILE": str(home / "health"),
            "TINY_FOLDER": str(self.folder),
            "PATH": os.environ["PATH"],
        }
        with (home / "log").open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module,
                env=facts | env, cwd=home, stdout=output, stderr=asyncio.subprocess.STDOUT,
                preexec_fn=leash(os.getpid()),
            )  # fmt: skip
        self.workers.append(Worker(process, home))
        return self.workers[-1]

    async def send(self, numbers: Sequence[int]) -> None:
        await send(
            self.servers.kafka, self.topic("in"), *(Sent(str(one).encode(), ()) for one in numbers)
        )

    async def said(self, name: str = "out") -> list[Seen]:
        return await self.readings[name].to_the_end()

    async def numbers(self, name: str = "out") -> list[int]:
        """What was said, in no order, as often as it was."""
        return [int(one.value or b"-1") for one in await self.said(name)]

    async def until_said(self, numbers: Sequence[int], name: str = "out") -> None:
        missing = set(numbers)

        async def left() -> list[int]:
            missing.difference_update(await self.numbers(name))
            return sorted(missing)[:20]

        await until_nothing(f"not on {name}", left)

    async def until_begun(self) -> None:
        """Wait until a worker is in the middle of a batch."""

        async def begun() -> bool:
            return bool(await self.said("begun"))

        await until("a batch", begun)

    async def unread(self) -> dict[str, tuple[int, int]]:
        """Where the group has not committed all that was sent: per partition its place, the end."""
        return await self.readings["in"].unread_by(f"{self.prefix}onboarding.tiny")

    async def until_all_committed(self) -> None:
        await until_nothing("not committed", self.unread)

    async def instances(self) -> list[dict[str, Any]]:
        """The records of living processes."""
        async with AsyncMongoClient[dict[str, Any]](
            self.servers.mongo, serverSelectionTimeoutMS=60_000
        ) as client:
            return await client[f"{self.prefix}onboarding_tiny"].instances.find().to_list()


@asynccontextmanager
async def tiny_on(servers: RealServers, prefix: str, folder: Path) -> AsyncIterator[Tiny]:
    """The topics, and no worker left at the end."""
    tiny = Tiny(servers, prefix, folder)
    await tiny.make_topics()
    try:
        async with AsyncExitStack() as open_readings:
            for name in ("in", "begun", "out"):
                reading = Reading(servers.kafka, [tiny.topic(name)])
                tiny.readings[name] = await open_readings.enter_async_context(reading)
            yield tiny
    finally:
        for worker in tiny.workers:
            with suppress(ProcessLookupError):
                worker.process.kill()
            await worker.process.wait()
