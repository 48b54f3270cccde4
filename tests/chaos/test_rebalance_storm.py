"""Workers of one group that join, are told to stop and are killed, again and again, under load.

Each change makes all of them hand over partitions in the middle of their batches. Counted is what
reached a topic: every number that was sent. ONBOARDING_STORM_ROUNDS makes it longer.
"""

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest

from tests.conftest import RealServers
from tests.integration.tiny import Tiny, Worker, tiny_on

ROUNDS = int(os.environ.get("ONBOARDING_STORM_ROUNDS", "6"))
SEED = int(os.environ.get("ONBOARDING_STORM_SEED", "1"))
AHEAD = 1_000  # of what was said: so that workers are in the middle of batches at each change
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120 + 40 * ROUNDS)]


async def test_a_storm_of_rebalances_loses_nothing(
    real_servers: RealServers, prefix: str, tmp_path: Path
):
    async with tiny_on(real_servers, prefix, tmp_path) as tiny:
        sent = await _storm(tiny, random.Random(SEED))
        await tiny.start()
        await tiny.until_said(range(sent))
        await tiny.until_all_committed()


async def _storm(tiny: Tiny, chance: random.Random) -> int:
    """Workers come and go while numbers from 0 are sent; how many were."""
    sent = 0
    for _ in range(ROUNDS):
        await _change(tiny, chance)
        for _ in range(chance.randrange(1, 8)):
            await tiny.send(range(sent, sent + 100))
            sent += 100
            await tiny.until_said(range(sent - AHEAD))
    return sent


async def _change(tiny: Tiny, chance: random.Random) -> None:
    """Start a worker, or end one: gently, at once, or at the very moment at which one joins."""
    living = [worker for worker in tiny.workers if worker.process.returncode is None]
    if len(living) < 2:
        await _join(tiny, chance)
        return
    how = chance.choice((signal.SIGTERM, signal.SIGKILL))
    leaving = asyncio.create_task(_end(chance.choice(living), how))
    if chance.random() < 0.5:
        await _join(tiny, chance)
    await leaving


async def _join(tiny: Tiny, chance: random.Random) -> None:
    linger = chance.choice(("0", "0.05"))
    await tiny.start(ONBOARDING_BATCH_MAX="20", TINY_LINGER_SECONDS=linger)


async def _end(worker: Worker, how: signal.Signals) -> None:
    worker.signal(how)
    assert await worker.code() in (0, -9, -15), worker.log  # -15: it was still starting
