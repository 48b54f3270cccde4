"""Reads the dead letter topics from their beginning to their end, without a consumer group."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from contracts.envelope import Record
from contracts.participants import participants
from contracts.topics import dead_letter_topic
from services.cli.errors import CliError
from services.cli.letters import Letter, letters_in, with_sagas
from services.cli.printing import quiet
from services.cli.projection import open_projection
from services.cli.reaching import ask_kafka
from services.cli.running_stack import Found
from services.runtime.kafka import transient
from services.runtime.kafka_access import client_options
from services.runtime.record_batches import tolerate_header_names
from services.runtime.settings import Settings

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 30.0
MOST_AT_ONCE = 1000


async def letters_of(found: Found) -> list[Letter]:
    """All letters of all services, the oldest first. CliError (1) if a server does not answer."""
    quiet()
    records = await _records(found.settings)
    letters = letters_in(records, found.settings.reader())
    wanted = sorted({one.saga_id for one in letters if one.parked and one.now == "open"})
    if wanted:
        async with open_projection(found) as store:
            for first in range(0, len(wanted), MOST_AT_ONCE):
                sagas = await store.read_sagas(wanted[first : first + MOST_AT_ONCE])
                letters = with_sagas(letters, sagas)
    return sorted(letters, key=lambda one: (one.at, one.place))


async def _records(settings: Settings) -> list[Record]:
    try:
        await ask_kafka(settings, CONNECT_SECONDS)
        partitions = await _partitions(settings)
        return await _read(settings, partitions) if partitions else []
    except Exception as error:
        if not transient(error):
            raise
        line = f"Kafka at {settings.kafka} does not answer: `onboarding doctor` may know why"
        raise CliError(line) from None


async def _partitions(settings: Settings) -> list[TopicPartition]:
    """Of the topics that are there: to ask for another might make it (Tansu)."""
    names = {dead_letter_topic(one.name, settings.prefix) for one in participants()}
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        there = sorted(names & set(await admin.list_topics()))
        told = await admin.describe_topics(there) if there else []
    finally:
        await admin.close()
    return [
        TopicPartition(item["topic"], one["partition"])
        for item in told
        for one in item["partitions"]
    ]


async def _read(settings: Settings, partitions: Sequence[TopicPartition]) -> list[Record]:
    tolerate_header_names()
    consumer = AIOKafkaConsumer(
        **client_options(settings), enable_auto_commit=False, fetch_max_wait_ms=100
    )
    await consumer.start()
    try:
        consumer.assign(list(partitions))
        await consumer.seek_to_beginning(*partitions)
        return await _to_the_end(consumer, partitions)
    finally:
        await consumer.stop()


async def _to_the_end(
    consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]
) -> list[Record]:
    """Tansu tells an end that is too low, one past the first record of the last batch; who has come
    so far has that batch whole."""
    records: list[Record] = []
    ends = await consumer.end_offsets(partitions)
    clock = asyncio.get_running_loop().time
    heard_at = clock()
    while any([await consumer.position(one) < ends[one] for one in partitions]):
        found = await consumer.getmany(timeout_ms=200)
        fresh = [_record(one) for some in found.values() for one in some]
        heard_at = clock() if fresh else heard_at
        if clock() - heard_at > SILENCE_SECONDS:
            raise TimeoutError
        records += fresh
    return records


def _record(one: ConsumerRecord) -> Record:
    headers = tuple(one.headers)
    return Record(one.topic, one.partition, one.offset, one.key, one.value, headers, one.timestamp)
