"""Opens topics for reading: partitions by hand, without a consumer group, nothing is committed."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import TopicAuthorizationFailedError

from contracts.envelope import Record
from services.cli.errors import USAGE, CliError
from services.cli.reaching import ask_kafka
from services.runtime.kafka import transient
from services.runtime.kafka_access import client_options
from services.runtime.record_batches import tolerate_header_names
from services.runtime.settings import Settings

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 30.0
"""For so long nothing may come of a log that goes on: then the broker is taken to be away."""


@dataclass(frozen=True, slots=True)
class Logs:
    """A consumer and the partitions that it was given; none of topics that are not there."""

    consumer: AIOKafkaConsumer
    partitions: Sequence[TopicPartition]


@asynccontextmanager
async def open_logs(settings: Settings, topics: Collection[str]) -> AsyncIterator[Logs]:
    """Whoever reads seeks first. CliError (1) if Kafka does not answer, then or later; (2) if we
    have no right to read."""
    tolerate_header_names()
    try:
        await ask_kafka(settings, CONNECT_SECONDS)
        partitions = await _partitions(settings, topics)
        consumer = AIOKafkaConsumer(
            **client_options(settings),
            enable_auto_commit=False,
            auto_offset_reset="earliest",  # if retention overtakes us
            fetch_max_wait_ms=100,
        )
        await consumer.start()
        await asyncio.sleep(0)  # a task of the client that is cancelled before it began would raise
        try:
            consumer.assign(partitions)
            yield Logs(consumer, partitions)
        finally:
            await consumer.stop()
    except TopicAuthorizationFailedError:
        line = f"Kafka at {settings.kafka} does not let us read {', '.join(sorted(topics))}"
        raise CliError(f"{line}: `onboarding topics acls`", USAGE) from None
    except Exception as error:
        if not transient(error):
            raise
        line = f"Kafka at {settings.kafka} does not answer: `onboarding doctor` may know why"
        raise CliError(line) from None


def record_of(one: ConsumerRecord) -> Record:
    """Ours, of the client's."""
    headers = tuple(one.headers)
    return Record(one.topic, one.partition, one.offset, one.key, one.value, headers, one.timestamp)


async def _partitions(settings: Settings, topics: Collection[str]) -> list[TopicPartition]:
    """Of the topics that are there: to ask for another might make it (Tansu)."""
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        there = sorted(set(topics) & set(await admin.list_topics()))
        told = await admin.describe_topics(there) if there else []
    finally:
        await admin.close()
    return [
        TopicPartition(item["topic"], one["partition"])
        for item in told
        for one in item["partitions"]
    ]
