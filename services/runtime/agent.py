"""The Faust agents: they take what is ready in batches, and hand it to delivery.

Why not `take_events`: it polls, and acknowledges a batch whose handler raised. The generator
below waits for the first event, takes what else is there, and acknowledges after the body
returned. It touches internals of Faust, which is pinned to one version, here and in transport.py;
tests/integration/test_agent.py and test_agent_in_faust.py show that nothing is lost by an
exception, kill -9, SIGTERM, a rebalance or a stale generation.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import faust
import faust.streams
from aiokafka.codec import has_lz4, has_snappy, has_zstd
from faust.app.base import BootStrategy
from faust.types import EventT

from contracts.envelope import Record
from contracts.topics import group
from services.runtime.kafka_access import credentials
from services.runtime.record_batches import tolerate_header_names
from services.runtime.settings import Settings
from services.runtime.transport import transport
from services.runtime.vitals import Vitals, fail_stop, where

OnBatch = Callable[[Sequence[Record]], Awaitable[None]]
FAUST = "0.15.3"
LINGER_LOOK_SECONDS = 0.1
# A worker whose queue is full does not fetch. If it waits for a server so long that aiokafka takes
# it for idle, it leaves its group, and rejoins after a fetch, which waits for the group.
A_YEAR = 365.0 * 86_400
BATCH_BYTES = 4_194_304  # read, it may take 25 times as much, and nobody runs meanwhile
FETCH_BYTES = 262_144  # of each partition; a backlog in all of them would fill 1 MiB each


class StartError(Exception):
    """The process must not start like this."""


def check_faust() -> None:
    """Refuse a Faust that loses messages: the pure-Python iterator acks stale generations."""
    if faust.__version__ != FAUST:
        raise StartError(f"faust-streaming {faust.__version__} is installed, {FAUST} is needed")
    if not (has_snappy() and has_lz4() and has_zstd()):
        raise StartError("records of some producers cannot be unpacked: install cramjam")
    if getattr(faust.streams, "_CStreamIterator", None) is None:
        raise StartError(
            "Faust's Cython extension is not loaded: install its wheel, unset NO_CYTHON"
        )


@dataclass(frozen=True, slots=True)
class Intake:
    """Topics that are taken together: how many records a batch may have, and how long it waits for
    more of them after its first. Two intakes do not wait for each other's batches; only a full
    queue of one holds up the other, and both wait for room for calls (service.py)."""

    topics: Sequence[str]
    most: int
    linger_seconds: float = 0.0


def build_app(
    name: str,
    intakes: Sequence[Intake],
    settings: Settings,
    vitals: Vitals,
    on_batch: OnBatch,
) -> faust.App:
    """The Faust app of one service: an agent for each of its intakes."""
    tolerate_header_names()
    most = max(256, *(intake.most for intake in intakes))
    brokers = [f"kafka://{broker.strip()}" for broker in settings.kafka.split(",")]
    app = _App(
        group(name, settings.prefix),
        broker=brokers,
        broker_credentials=credentials(settings),
        store="memory://",
        autodiscover=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_enabled=False,
        stream_wait_empty=True,
        stream_buffer_maxsize=most,
        broker_commit_interval=1.0,
        broker_commit_every=1000,
        consumer_max_fetch_size=FETCH_BYTES,
        broker_max_poll_records=most,
        broker_max_poll_interval=A_YEAR,
        broker_session_timeout=settings.kafka_session_timeout_seconds,
        broker_heartbeat_interval=settings.kafka_heartbeat_seconds,
        broker_rebalance_timeout=30,
        broker_request_timeout=40,
        consumer_auto_offset_reset="earliest",
        producer_acks=-1,
        producer_request_timeout=15,
        producer_threaded=False,
    )
    app.transport = transport(settings)(app.conf.broker, app)
    for number, intake in enumerate(intakes):
        _agent(app, f"take-{number}", intake, vitals, on_batch)
    return app


def _agent(app: faust.App, name: str, intake: Intake, vitals: Vitals, on_batch: OnBatch) -> None:
    channel = app.topic(
        *intake.topics, key_serializer="raw", value_serializer="raw", value_type=bytes
    )

    @app.agent(channel, concurrency=1, name=name)
    async def take(stream: Any) -> None:
        async for events in ready_batches(app, intake, stream):
            vitals.batch_started(name)
            try:
                await on_batch([record_of(event) for event in events])
            except BaseException as error:  # nothing may leave the agent: Faust would ack it
                fail_stop(f"batch failed: {where(error)}")
            vitals.batch_ended(name)


async def ready_batches(
    app: faust.App, intake: Intake, stream: Any
) -> AsyncIterator[Sequence[EventT[bytes]]]:
    """What is ready, from one event to `intake.most`, or a little over BATCH_BYTES; acknowledged
    when asked for more."""
    stream.enable_acks = False
    queue = stream.channel.queue
    consumer: Any = app.consumer
    consumer.queues.append(queue)
    unacked = consumer._unacked_messages
    while True:
        try:
            events = [await queue.get()]
            size = _size(events[0])
            await _linger(queue, intake)
            while len(events) < intake.most and size < BATCH_BYTES and not queue.empty():
                events.append(queue.get_nowait())
                size += _size(events[-1])
        except StopAsyncIteration:  # the app is stopping; nothing taken here was acknowledged
            return
        current = [event for event in events if _is_current(app, event)]
        for event in current:  # so that a rebalance and SIGTERM wait for the batch
            event.message.tracked = True
            unacked.add(event.message)
        if current:
            yield current
        for event in current:
            event.ack()


def _size(event: EventT[bytes]) -> int:
    return len(event.message.value or b"")


async def _linger(queue: Any, intake: Intake) -> None:
    """Wait for more, but not once a batch is full: a full queue would hold up other topics."""
    left = intake.linger_seconds
    while left > 0 and queue.qsize() < intake.most - 1:
        await asyncio.sleep(min(left, LINGER_LOOK_SECONDS))
        left -= LINGER_LOOK_SECONDS


def _is_current(app: faust.App, event: EventT[bytes]) -> bool:
    """Whether the event is still ours: it comes again if a rebalance began since it was read."""
    flows: bool = app.flow_control.is_active()
    return flows and event.message.generation_id == app.consumer_generation_id


def record_of(event: EventT[bytes]) -> Record:
    """The record as the broker has it."""
    message: Any = event.message
    headers = message.headers.items() if isinstance(message.headers, dict) else message.headers
    return Record(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        key=message.key,
        value=message.value,
        headers=tuple(headers or ()),
        timestamp_ms=int(message.timestamp * 1000),
    )


class _Boot(BootStrategy):
    """Without Faust's web server, which would listen on all addresses, and its producer."""

    enable_web = False
    enable_kafka_producer = False


class _App(faust.App):
    BootStrategy = _Boot

    def _create_directories(self) -> None:
        """None: without tables they stay empty, and the working folder may be read-only."""
