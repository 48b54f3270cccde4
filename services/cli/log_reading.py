"""Reads partitions of topics without a consumer group: no command can move the place of one."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from contracts.envelope import Record
from saga_state.building import Span
from services.runtime.kafka_access import client_options
from services.runtime.kafka_places import read_on
from services.runtime.record_batches import tolerate_header_names
from services.runtime.settings import Settings

SILENCE_SECONDS, STOP_SECONDS = 30.0, 1.0
FETCH_BYTES = 4_194_304  # of one partition: some thousand records, or the way there is felt
FETCH_WAIT_MS, LOOK_MS = 100, 200
AT_ONCE = 1000


@asynccontextmanager
async def reading(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer that is in no group.

    While its fetcher gives up partitions it misses that it is to stop, and would wait for others
    for ever; told a second time, which is what the timeout does, it hears.
    """
    tolerate_header_names()
    consumer = AIOKafkaConsumer(
        **client_options(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",  # of what retention takes away while it is read
        fetch_max_wait_ms=FETCH_WAIT_MS,
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    await consumer.start()
    await asyncio.sleep(0)  # its tasks begin: to stop it before that raises CancelledError
    try:
        yield consumer
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(consumer.stop(), STOP_SECONDS)


async def spans_of(
    consumer: AIOKafkaConsumer, settings: Settings, topics: Iterable[str]
) -> list[Span]:
    """All that stands in these topics now, partition by partition. Of topics that are not there:
    nothing. TimeoutError if the broker does not tell."""
    async with asyncio.timeout(SILENCE_SECONDS):
        partitions = await _partitions(settings, topics)
        if not partitions:
            return []
        consumer.assign(partitions)  # so that it asks who leads them; else it would wait for ever
        begins = await consumer.beginning_offsets(partitions)
        ends = await read_on(consumer, await consumer.end_offsets(partitions))
        return [Span(one.topic, one.partition, begins[one], ends[one]) for one in partitions]


async def read(
    consumer: AIOKafkaConsumer, span: Span, most: int = AT_ONCE
) -> AsyncIterator[list[Record]]:
    """The records of a span, at most so many at a time. TimeoutError if none comes for long."""
    one = TopicPartition(span.topic, span.partition)
    consumer.assign([one])
    consumer.seek(one, span.begin)
    clock = asyncio.get_running_loop().time
    at, moved_at = span.begin, clock()
    while at < span.end:
        found = await consumer.getmany(one, timeout_ms=LOOK_MS, max_records=most)
        before, at = at, await consumer.position(one)  # past what is no record, too
        moved_at = moved_at if at == before else clock()
        if clock() - moved_at > SILENCE_SECONDS:
            raise TimeoutError(f"nothing came of {span.place} at {at}")
        if records := [_record(told) for told in found.get(one, ()) if told.offset < span.end]:
            yield records


async def _partitions(settings: Settings, topics: Iterable[str]) -> Sequence[TopicPartition]:
    """Of the topics that are there: to ask for another might make it (Tansu)."""
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        there = sorted({*topics} & set(await admin.list_topics()))
        told = await admin.describe_topics(there) if there else []
    finally:
        await admin.close()
    return [
        TopicPartition(item["topic"], one["partition"])
        for item in told
        for one in item["partitions"]
    ]


def _record(one: ConsumerRecord) -> Record:
    headers = tuple(one.headers)
    return Record(one.topic, one.partition, one.offset, one.key, one.value, headers, one.timestamp)
