"""What may be done to any process: signals that end it, or that stop it for a while."""

import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from tests.chaos.cluster.target import Cluster


@asynccontextmanager
async def ended(cluster: Cluster, name: str, how: signal.Signals) -> AsyncIterator[str]:
    """It dies now; healed when its next life is ready."""
    cluster.signal(name, how)
    yield name
    await cluster.until_ready(name)


@asynccontextmanager
async def stopped(cluster: Cluster, name: str) -> AsyncIterator[str]:
    """SIGSTOP, and SIGCONT at the end: to others it is there, and says nothing."""
    cluster.signal(name, signal.SIGSTOP)
    try:
        yield name
    finally:
        cluster.signal(name, signal.SIGCONT)


async def rolled(
    cluster: Cluster,
    chance: random.Random,
    names: Sequence[str],
    until_whole: Callable[[Cluster], Awaitable[object]] | None = None,
) -> None:
    """Each is told to stop and started again, one after the other, when the others are whole."""
    for name in chance.sample(names, len(names)):
        if cluster.over.is_set():
            break
        if until_whole is not None:
            await until_whole(cluster)
        await cluster.restart(name)
