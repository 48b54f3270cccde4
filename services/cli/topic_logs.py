"""Opens topics for a command: what the broker refuses, or that it is away, is told in a line."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError

from services.cli.errors import USAGE, CliError
from services.cli.reaching import asking_kafka
from services.evidence.log_reading import partitions_of
from services.runtime.reading import reading
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Logs:
    """A consumer and the partitions that it was given; none of topics that are not there."""

    consumer: AIOKafkaConsumer
    partitions: Sequence[TopicPartition]


@asynccontextmanager
async def open_logs(settings: Settings, topics: Collection[str]) -> AsyncIterator[Logs]:
    """Whoever reads seeks first. CliError (1) if Kafka does not answer, then or later; (2) if we
    have no right to read."""
    try:
        async with asking_kafka(settings), reading(settings) as consumer:
            partitions = await partitions_of(settings, topics)
            consumer.assign(partitions)
            yield Logs(consumer, partitions)
    except TopicAuthorizationFailedError:
        line = f"Kafka at {settings.kafka} does not let us read {', '.join(sorted(topics))}"
        raise CliError(f"{line}: `onboarding topics acls`", USAGE) from None
