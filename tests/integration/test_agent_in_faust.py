"""What agent.py relies on inside Faust 0.15.3: an app in the test's own loop, on a real broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import faust
import pytest
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import InvalidSessionTimeoutError, NotLeaderForPartitionError

from contracts.envelope import Record
from services.runtime import agent, transport
from services.runtime.agent import Intake, build_app
from services.runtime.settings import Settings
from services.runtime.vitals import Vitals
from tests.integration.polling import until_so
from tests.integration.starts import Sent, send
from tests.integration.tiny import Tiny

BUFFER = 256


class Handler:
    """Takes batches down, and waits in each until it may go on."""

    def __init__(self) -> None:
        self.taken: list[bytes | None] = []
        self.go_on = asyncio.Event()

    async def __call__(self, batch: Sequence[Record]) -> None:
        self.taken += [record.value for record in batch]
        await self.go_on.wait()


@asynccontextmanager
async def app_of(
    tiny: Tiny,
    settings: Settings,
    on_batch: Callable[[Sequence[Record]], Awaitable[None]],
    go_on: asyncio.Event,
    *intakes: Intake,
) -> AsyncIterator[faust.App]:
    """An app that runs; it is let go on at the end, else it would wait for its batch for ever."""
    usual = Intake([tiny.topic("in")], settings.batch_max)
    app = build_app("tiny", intakes or [usual], settings, Vitals(), on_batch)
    await app.start()
    try:
        yield app
    finally:
        go_on.set()
        await app.stop()


async def test_events_of_a_generation_before_are_not_acknowledged(tiny: Tiny, settings: Settings):
    one_by_one = settings.model_copy(update={"batch_max": 1})
    handler = Handler()
    async with app_of(tiny, one_by_one, handler, handler.go_on) as app:
        await send_in_order(tiny, b"a", b"b", b"c")
        await until_so("b and c in the queue", lambda: queue_of(app).qsize() == 2)
        app.consumer_generation_id += 1  # as a rebalance does
        handler.go_on.set()
        await until_so("an empty queue", queue_of(app).empty)
    assert handler.taken == [b"a"]
    assert [read for read, _ in (await tiny.unread()).values()] == [1]
    successor = Handler()
    successor.go_on.set()
    async with app_of(tiny, one_by_one, successor, successor.go_on):
        await until_so("b and c again", lambda: successor.taken == [b"b", b"c"])


async def test_what_waits_for_a_slow_batch_is_bounded(tiny: Tiny, settings: Settings):
    few = settings.model_copy(update={"batch_max": 50})
    handler, waiting = Handler(), []

    async def look_at_queue(batch: Sequence[Record]) -> None:
        await handler(batch)
        waiting.append(queue_of(app).qsize())

    async with app_of(tiny, few, look_at_queue, handler.go_on) as app:
        await tiny.send(range(3000))
        await until_so("a full queue", lambda: queue_of(app).full())
        handler.go_on.set()
        await until_so("all", lambda: len(set(handler.taken)) == 3000)
    assert max(waiting) <= BUFFER


async def test_the_wait_of_an_empty_fetch_is_the_setting(tiny: Tiny, settings: Settings):
    odd = settings.model_copy(update={"fetch_max_wait_ms": 123})
    async with app_of(tiny, odd, Handler(), asyncio.Event()) as app:
        await until_so("a consumer", lambda: consumer_of(app)._fetcher is not None)
        assert consumer_of(app)._fetcher._fetch_max_wait_ms == 123


async def test_an_intake_does_not_wait_for_the_batch_of_another(tiny: Tiny, settings: Settings):
    slow, taken = asyncio.Event(), []

    async def hold_what_came_in(batch: Sequence[Record]) -> None:
        taken.extend(record.value for record in batch)
        if batch[0].topic == tiny.topic("in"):
            await slow.wait()

    one, other = Intake([tiny.topic("in")], 10), Intake([tiny.topic("out")], 10)
    async with app_of(tiny, settings, hold_what_came_in, slow, one, other):
        await send_in_order(tiny, b"held")
        await until_so("one that is held", lambda: taken == [b"held"])
        await send_in_order(tiny, b"free", to="out")
        await until_so("the other", lambda: taken == [b"held", b"free"])


async def test_large_records_make_small_batches(tiny: Tiny, settings: Settings, monkeypatch):
    """What is read takes many times its bytes, and a batch is read in one go."""
    monkeypatch.setattr(agent, "BATCH_BYTES", 1_000)
    handler, batches = Handler(), []

    async def note(batch: Sequence[Record]) -> None:
        await handler(batch)
        batches.append([record.value for record in batch])

    async with app_of(tiny, settings, note, handler.go_on) as app:
        await send_in_order(tiny, b"first")
        await until_so("one that is held", lambda: handler.taken == [b"first"])
        large, rest = [b"%d" % one * 600 for one in range(4)], [b"a", b"b", b"c"]
        await send_in_order(tiny, *large, *rest)
        await until_so("all of them", lambda: queue_of(app).qsize() == 7)
        handler.go_on.set()
        await until_so("all", lambda: len(batches) == 4)
    assert batches == [[b"first"], large[:2], large[2:], rest]


async def test_an_intake_that_lingers_waits_for_more_but_not_once_a_batch_is_full(
    tiny: Tiny, settings: Settings
):
    batches: list[list[bytes | None]] = []

    async def note(batch: Sequence[Record]) -> None:
        batches.append([record.value for record in batch])

    patient = Intake([tiny.topic("in")], most=5, linger_seconds=3600)
    async with app_of(tiny, settings, note, asyncio.Event(), patient) as app:
        await send_in_order(tiny, b"1", b"2")
        await until_so("the second, as the first is out", lambda: queue_of(app).qsize() == 1)
        assert batches == []
        await send_in_order(tiny, b"3", b"4", b"5")
        await until_so("one batch", lambda: batches == [[b"1", b"2", b"3", b"4", b"5"]])


async def test_a_consumer_that_asks_the_wrong_broker_where_a_log_begins_looks_for_the_right_one(
    tiny: Tiny, settings: Settings
):
    """Else it would go on asking it for five minutes, and read nothing."""
    async with app_of(tiny, settings, Handler(), asyncio.Event()) as app:
        await until_so("partitions", lambda: bool(app.consumer.assignment()))
        client, fetcher = consumer_of(app)._client, consumer_of(app)._fetcher
        before = client.cluster._last_successful_refresh_ms
        send, client.send = client.send, no_leader
        with pytest.raises(NotLeaderForPartitionError):
            await fetcher._proc_offset_request(0, {tiny.topic("in"): [(0, -2)]})
        client.send = send
        seen = client.cluster
        await until_so("new metadata", lambda: seen._last_successful_refresh_ms > before)


async def test_what_was_handed_out_comes_again_after_a_rebalance_though_nothing_was_committed(
    tiny: Tiny, settings: Settings
):
    handler = Handler()
    async with app_of(tiny, settings, handler, handler.go_on) as app:
        await send_in_order(tiny, b"a", b"b")
        await until_so("a batch", lambda: bool(handler.taken))
        await app.consumer.perform_seek()  # as a rebalance does when it is over
        await until_so("both anew", lambda: queue_of(app).qsize() >= 2)


async def test_a_worker_that_did_not_fetch_for_hours_joins_its_group_again(
    tiny: Tiny, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    """It waited for MongoDB, its queue was full, and so nothing was fetched."""
    async with app_of(tiny, settings, Handler(), asyncio.Event()) as app:
        coordinator = consumer_of(app)._coordinator
        hours = property(lambda _: 10 * 3600.0)
        monkeypatch.setattr(SubscriptionState, "fetcher_idle_time", hours)
        before = coordinator.generation
        coordinator.request_rejoin()
        await until_so("joined again", lambda: coordinator.generation > before)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (InvalidSessionTimeoutError, "the consumer group refuses this worker"),
        (ValueError, "this worker cannot stay in its consumer group"),
    ],
)
async def test_a_worker_that_its_group_refuses_or_that_falls_out_of_it_ends(
    tiny: Tiny,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
    why: str,
):
    ended: list[str] = []

    async def refuse() -> None:
        coordinator.ensure_coordinator_known = known  # once is enough
        raise error

    async with app_of(tiny, settings, Handler(), asyncio.Event()) as app:
        coordinator = consumer_of(app)._coordinator
        monkeypatch.setattr(transport, "fail_stop", ended.append)
        known, coordinator.ensure_coordinator_known = coordinator.ensure_coordinator_known, refuse
        coordinator.request_rejoin()
        await until_so("its end", lambda: bool(ended))
    assert why in ended[0]


async def no_leader(*_: object) -> None:
    raise NotLeaderForPartitionError


async def send_in_order(tiny: Tiny, *values: bytes, to: str = "in") -> None:
    """To one partition."""
    messages = [Sent(value, (), key=b"the same") for value in values]
    await send(tiny.servers.kafka, tiny.topic(to), *messages)


def queue_of(app: faust.App) -> Any:
    (actor,) = app.agents["take-0"]._actors
    return actor.stream.channel.queue


def consumer_of(app: faust.App) -> Any:
    return app.consumer._thread._consumer
