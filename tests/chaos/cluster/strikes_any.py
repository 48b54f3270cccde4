"""What may be done to any process: signals that end it, or that stop it for a while."""

import signal
from collections.abc import AsyncIterator
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
