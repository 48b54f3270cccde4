"""What is done to the workers of the services, and to the platform that they call."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.chaos.cluster.strikes_any import ended, rolled, stopped
from tests.chaos.cluster.target import Cluster

STORM_ROUNDS, STORM_SECONDS = 3, 10.0


@asynccontextmanager
async def kill_worker(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    async with ended(cluster, cluster.living(chance, cluster.workers), signal.SIGKILL) as name:
        yield name


@asynccontextmanager
async def end_worker(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    async with ended(cluster, cluster.living(chance, cluster.workers), signal.SIGTERM) as name:
        yield name


@asynccontextmanager
async def stop_worker(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    """Also for longer than its group waits for it: when it goes on, others have its partitions."""
    async with stopped(cluster, cluster.living(chance, cluster.workers)) as name:
        yield name


@asynccontextmanager
async def kill_platform(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    """It forgets the faults it was told, and is told them again."""
    async with ended(cluster, "platform", signal.SIGKILL):
        yield ""
    await cluster.trouble_the_platform()


@asynccontextmanager
async def stop_platform(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    async with stopped(cluster, "platform"):
        yield ""


@asynccontextmanager
async def join_and_leave(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    """A worker of one service leaves its group and joins it again and again, within ten seconds each."""
    service = chance.choice(cluster.workers).partition("-")[0]
    name = [one for one in cluster.workers if one.partition("-")[0] == service][-1]
    for _ in range(STORM_ROUNDS):
        if cluster.over.is_set():
            break
        await cluster.servers.supervisor.stop(name)
        await asyncio.sleep(chance.uniform(0, STORM_SECONDS))
        await cluster.servers.supervisor.start(name)
        await asyncio.sleep(chance.uniform(0, STORM_SECONDS))
    yield name


@asynccontextmanager
async def roll_workers(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    """Each is told to stop and started again, one after the other."""
    await rolled(cluster, chance, cluster.workers)
    yield ""


STRIKES = {
    "kill-worker": kill_worker,
    "end-worker": end_worker,
    "stop-worker": stop_worker,
    "join-and-leave": join_and_leave,
    "roll-workers": roll_workers,
}
PLATFORM_STRIKES = {"kill-platform": kill_platform, "stop-platform": stop_platform}
