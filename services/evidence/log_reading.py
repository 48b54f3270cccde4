"""Reads partitions of topics without a consumer group: no command can move the place of one."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from contracts.envelope import Record
from saga_state.building import Span
from services.runtime.kafka_access import client_options
from services.runtime.kafka_reading import read_on
from services.runtime.settings import Settings

SILENCE_SECONDS = 30.0
"""For so long nothing may come of a log that goes on: then the broker is taken to be away."""
LOOK_MS = 200
AT_ONCE = 1000


async def spans_of(consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> list[Span]:
    """All that stands in these partitions now. TimeoutError if the broker does not tell."""
    if not partitions:
        return []
    async with asyncio.timeout(SILENCE_SECONDS):
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
        async with asyncio.timeout(SILENCE_SECONDS):  # a place that is sought may never come
            found = await consumer.getmany(one, timeout_ms=LOOK_MS, max_records=most)
            before, at = at, await consumer.position(one)  # past what is no record, too
        moved_at = moved_at if at == before else clock()
        if clock() - moved_at > SILENCE_SECONDS:
            raise TimeoutError(f"nothing came of {span.place} at {at}")
        if records := [record_of(told) for told in found.get(one, ()) if told.offset < span.end]:
            yield records


async def partitions_of(settings: Settings, topics: Iterable[str]) -> list[TopicPartition]:
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


def record_of(one: ConsumerRecord) -> Record:
    """Ours, of the client's."""
    headers = tuple(one.headers)
    return Record(one.topic, one.partition, one.offset, one.key, one.value, headers, one.timestamp)
