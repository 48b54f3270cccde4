"""What is done to what goes between the brokers and their clients, by the proxies."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress

from tests.chaos.cluster.kafka_proxy import Kind
from tests.chaos.cluster.servers import BROKERS
from tests.chaos.cluster.target import Cluster

RESET_SECONDS = 0.5


@asynccontextmanager
async def drop_requests(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    with _between(cluster, "drop_request", BROKERS, 0.3):
        yield "all"


@asynccontextmanager
async def drop_answers(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    with _between(cluster, "drop_answer", BROKERS, 0.3):
        yield "all"


@asynccontextmanager
async def delay(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    with _between(cluster, "delay", BROKERS, 0.3, seconds=0.3):
        yield "all"


@asynccontextmanager
async def blackhole(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    """Nothing gets to one broker, or from it, until it is over."""
    name = chance.choice(BROKERS)
    with _between(cluster, "blackhole", (name,), 1.0):
        yield name


@asynccontextmanager
async def reset(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    """Half of the connections to a broker, again and again."""
    resetting = asyncio.create_task(_reset(cluster, chance))
    try:
        yield "half"
    finally:
        resetting.cancel()
        with suppress(asyncio.CancelledError):
            await resetting


async def _reset(cluster: Cluster, chance: random.Random) -> None:
    while True:
        cluster.servers.proxies[chance.choice(BROKERS)].reset(0.5)
        await asyncio.sleep(RESET_SECONDS)


def _between(
    cluster: Cluster, kind: Kind, names: tuple[str, ...], share: float, seconds: float = 0.0
) -> ExitStack:
    told = ExitStack()
    for name in names:
        told.enter_context(cluster.servers.proxies[name].told(kind, share, seconds))
    return told


STRIKES = {
    "drop-requests": drop_requests,
    "drop-answers": drop_answers,
    "delay": delay,
    "blackhole": blackhole,
    "reset": reset,
}
