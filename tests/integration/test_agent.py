"""The contract between services/runtime/agent.py and Faust, with real processes on a real broker.

Counted is what reached topics, whatever a process believes of itself.
"""

import asyncio
import signal
from collections import Counter

import pytest

from tests.integration.outside import PARTITIONS
from tests.integration.polling import until
from tests.integration.tiny import Tiny

SOME = range(200)
# So that no worker is taken for dead on a busy machine: nothing is said twice then.
LONG_SESSION = {"ONBOARDING_KAFKA_SESSION_TIMEOUT_SECONDS": "6"}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


async def test_an_exception_in_a_batch_ends_the_process_and_loses_nothing(tiny: Tiny):
    tiny.tell("raise")
    await tiny.send(SOME)
    worker = await tiny.start()
    assert await worker.code() == 70
    assert "RuntimeError in _misbehave" in worker.log
    assert "secret" not in worker.log
    assert await tiny.said() == []
    tiny.take_back("raise")
    await tiny.start()
    await tiny.until_said(SOME)


async def test_kill_9_in_the_middle_of_a_batch_loses_nothing(tiny: Tiny):
    tiny.tell("hold")
    await tiny.send(SOME)
    worker = await tiny.start()
    await tiny.until_begun()
    await until_it_told_again(tiny)
    worker.signal(signal.SIGKILL)
    assert await worker.code() == -9
    tiny.take_back("hold")
    await tiny.start()
    await tiny.until_said(SOME)


async def test_kill_9_under_load_again_and_again_loses_nothing(tiny: Tiny):
    for life in range(2):
        worker = await tiny.start(ONBOARDING_BATCH_MAX="10")
        await tiny.send(range(life * 500, life * 500 + 500))
        await tiny.until_said(range(life * 500, life * 500 + 1))
        worker.signal(signal.SIGKILL)
        assert await worker.code() == -9
    await tiny.start()
    await tiny.until_said(range(1000))


async def test_sigterm_lets_a_batch_finish_and_commits_it(tiny: Tiny):
    tiny.tell("hold")
    await tiny.send(SOME)
    worker = await tiny.start(**LONG_SESSION)
    await tiny.until_begun()
    worker.signal(signal.SIGTERM)
    await until("told to stop", lambda: asyncio.to_thread(lambda: not worker._is_ready()))
    taken = await tiny.numbers("begun")
    tiny.take_back("hold")
    assert await worker.code() == 0
    assert sorted(await tiny.numbers()) == sorted(taken)
    await tiny.start()
    await tiny.until_said(SOME)
    await tiny.until_all_committed()
    assert Counter(await tiny.numbers()) == Counter(SOME), "said twice after a clean stop"


async def test_a_worker_stopped_at_rest_leaves_nothing_to_do_again(tiny: Tiny):
    worker = await tiny.start()
    await tiny.send(SOME)
    await tiny.until_said(SOME)
    worker.signal(signal.SIGTERM)
    assert await worker.code() == 0
    assert await tiny.unread() == {}


@pytest.mark.parametrize("stop", [True, False], ids=["told to stop", "left alone"])
async def test_a_hung_handler_is_ended_by_the_watchdog(tiny: Tiny, stop: bool):
    tiny.tell("hang")
    await tiny.send(SOME)
    worker = await tiny.start(ONBOARDING_BATCH_DEADLINE_SECONDS="8")
    await tiny.until_begun()
    if stop:
        worker.signal(signal.SIGTERM)
    assert await worker.code() == 70
    assert "a batch hangs" in worker.log
    assert await tiny.unread() != {}
    tiny.take_back("hang")
    await tiny.start()
    await tiny.until_said(SOME)


@pytest.mark.long
async def test_a_hung_event_loop_is_ended_by_the_watchdog(tiny: Tiny):
    tiny.tell("block")
    await tiny.send(SOME)
    worker = await tiny.start()
    assert await worker.code() == 70
    assert "the event loop hangs" in worker.log
    tiny.take_back("block")
    await tiny.start()
    await tiny.until_said(SOME)


@pytest.mark.parametrize("linger", ["0", "0.05"])
async def test_workers_that_join_and_leave_lose_nothing(tiny: Tiny, linger: str):
    lingers = {"ONBOARDING_BATCH_MAX": "20", "TINY_LINGER_SECONDS": linger}
    enough = asyncio.Event()
    sending = asyncio.create_task(keep_sending(tiny, enough))
    first = await tiny.start(**lingers)
    second = await tiny.start(**lingers)
    await until_shared(tiny, 2)
    second.signal(signal.SIGTERM)
    assert await second.code() == 0
    third = await tiny.start(**lingers)
    await until_shared(tiny, 2)
    first.signal(signal.SIGKILL)
    enough.set()
    await tiny.until_said(range(await sending))
    await tiny.until_all_committed()
    assert third.process.returncode is None


async def test_a_rebalance_in_the_middle_of_a_batch_waits_for_it(tiny: Tiny):
    """Events of the generation before, still in the queue, must not be acknowledged with it."""
    tiny.tell("hold")
    await tiny.send(SOME)
    first = await tiny.start(ONBOARDING_BATCH_MAX="20")
    await tiny.until_begun()
    second = await tiny.start(ONBOARDING_BATCH_MAX="20")
    await until("a second instance", lambda: _has_instances(tiny, 1))
    tiny.take_back("hold")
    await tiny.until_said(SOME)
    await tiny.until_all_committed()
    assert (first.process.returncode, second.process.returncode) == (None, None)


async def test_two_workers_share_the_partitions(tiny: Tiny):
    for _ in range(2):
        await tiny.start()
    await until_shared(tiny, 2)
    await tiny.send(range(400))
    await tiny.until_said(range(400))
    assert len({one.header("pid") for one in await tiny.said()}) == 2
    await tiny.until_all_committed()


async def keep_sending(tiny: Tiny, enough: asyncio.Event) -> int:
    """Numbers from 0, never more than 500 ahead of what the workers said; how many."""
    sent = 0
    while not enough.is_set():
        await tiny.send(range(sent, sent + 50))
        sent += 50
        await tiny.until_said(range(sent - 500))
    return sent


async def until_shared(tiny: Tiny, workers: int) -> None:
    """Wait until so many workers have all partitions among them, each some."""

    async def shared() -> bool:
        parts = [one["partitions"] for one in await tiny.instances() if one["partitions"]]
        return len(parts) == workers and sorted(part for parts_ in parts for part in parts_) == all_

    all_ = [f"{tiny.topic('in')}/{number}" for number in range(PARTITIONS)]
    await until(f"{workers} workers share", shared)


async def until_it_told_again(tiny: Tiny) -> None:
    """Wait for its next sign of life, 5 s later: Faust commits every second what is acknowledged."""
    told: set[object] = set()

    async def twice() -> bool:
        told.update(one["seen_at"] for one in await tiny.instances())
        return len(told) >= 2

    await until("signs of life", twice)


async def _has_instances(tiny: Tiny, count: int) -> bool:
    return len(await tiny.instances()) >= count
