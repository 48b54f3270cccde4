"""What agent.py relies on inside Faust 0.15.3: an app in the test's own loop, on a real broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import faust

from contracts.envelope import Record
from services.runtime.agent import Batching, build_app
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
) -> AsyncIterator[faust.App]:
    """An app that runs; it is let go on at the end, else it would wait for its batch for ever."""
    app = build_app(
        "tiny", [tiny.topic("in")], settings, Vitals(), on_batch, Batching(settings.batch_max)
    )
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


async def send_in_order(tiny: Tiny, *values: bytes) -> None:
    """To one partition."""
    messages = [Sent(value, (), key=b"the same") for value in values]
    await send(tiny.servers.kafka, tiny.topic("in"), *messages)


def queue_of(app: faust.App) -> Any:
    (actor,) = app.agents["take"]._actors
    return actor.stream.channel.queue


def consumer_of(app: faust.App) -> Any:
    return app.consumer._thread._consumer
