"""A server that is away for a while, and sagas that are under way meanwhile."""

import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from deploy.local import store
from deploy.local.readiness import kafka_is_ready
from deploy.local.stack import Stack
from tests.chaos.rest import platform_of
from tests.integration import starts
from tests.integration.outside import Reading
from tests.integration.polling import until
from tests.integration.system import System, system
from tests.own_servers import servers_or_skip

Broker = Literal["embedded", "apache"]
Away = Literal["mute", "gone"]  # it gives no answer, or refuses the connection


@dataclass(frozen=True)
class Crowd:
    """Many sagas that go on slowly, on servers of their own."""

    running: System
    servers: Stack
    completed: Reading
    sagas: int

    async def under_way(self) -> int:
        """How many have not completed."""
        await self.completed.to_the_end()
        return self.sagas - len({one.header("ce_sagaid") for one in self.completed.seen})

    async def until_under_way(self, most: int) -> None:
        async def so_few() -> bool:
            return await self.under_way() <= most

        await until(f"{most} sagas under way", so_few)

    async def without(self, server: Literal["kafka", "mongo"], how: Away, seconds: float) -> None:
        """A server is away for so long, to everybody who asks."""
        supervisor = self.servers.supervisor
        if how == "mute":
            supervisor.kill(server, signal.SIGSTOP)
        else:
            await supervisor.stop(server)
        await _is_away(self._answers(server), time.monotonic() + seconds)
        if how == "mute":
            supervisor.kill(server, signal.SIGCONT)
        else:
            await supervisor.start(server)

    def _answers(self, server: str) -> Callable[[], Awaitable[bool]]:
        if server == "kafka":
            return partial(kafka_is_ready, self.servers.kafka)
        host = self.servers.mongo.removeprefix("mongodb://").partition("/")[0]
        return partial(store.is_primary, host)


async def _is_away(answers: Callable[[], Awaitable[bool]], until_then: float) -> None:
    async def over() -> bool:
        assert not await answers()
        return time.monotonic() >= until_then

    await until("the end of the outage", over, seconds=600, pause=0.5)


@asynccontextmanager
async def crowd(
    broker: Broker, prefix: str, folder: Path, env: dict[str, str], sagas: int, call_seconds: float
) -> AsyncIterator[Crowd]:
    """All started, each call to the platform takes so long, and the first saga has completed."""
    async with (
        servers_or_skip(broker, folder / "servers") as servers,
        system(
            servers.kafka, servers.mongo, prefix, folder / "system", env=env, platform=True
        ) as running,
        Reading(running.kafka, [f"{prefix}onboarding.partner-onboarding-completed"]) as completed,
    ):
        await platform_of(running).tell("slow", seconds=call_seconds)
        sent = [starts.start(correlation_id=f"crowd-{number}") for number in range(sagas)]
        await starts.send(running.kafka, running.start_topic, *sent)
        here = Crowd(running, servers, completed, sagas)
        await here.until_under_way(sagas - 1)
        yield here
