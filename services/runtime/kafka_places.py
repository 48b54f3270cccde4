"""Where logs end and where groups stand, on Kafka (the port `Places`).

Tansu 0.6.0 tells of a log's end what is one past the first record of its last batch. So the log is
read on from the end that was told: to a step that is behind, the answer to a saga may be in that
batch, and the saga would be undone although it was answered.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.partitioner import murmur2

from services.runtime.kafka_access import client_options
from services.runtime.settings import Settings
from services.runtime.watching import Offsets, Partition

ANSWER_SECONDS = 10.0
EMPTY_FETCH_MS, READ_ON_MS = 20, 200
Step = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Members:
    """The state of a group, and its clients; None: the broker does not tell them (Tansu keeps
    members that are long dead)."""

    state: str
    clients: tuple[str, ...] | None


class KafkaPlaces:
    """Connects when it is first asked."""

    def __init__(self, settings: Settings) -> None:
        self._options = client_options(settings)
        self._consumer: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None
        self._counts: dict[str, int] = {}

    async def ends(self, topics: Sequence[str]) -> Offsets:
        """See Places."""
        async with asyncio.timeout(ANSWER_SECONDS):
            consumer, _ = await self._connected()
            wanted = [one for topic in topics for one in await self._partitions(consumer, topic)]
            told = await consumer.end_offsets(wanted)
            ends = await _read_on(consumer, told)
        return {(one.topic, one.partition): offset for one, offset in ends.items()}

    async def of_group(self, group: str, partitions: Sequence[Partition]) -> Offsets:
        """See Places."""
        wanted = [TopicPartition(*one) for one in partitions]
        async with asyncio.timeout(ANSWER_SECONDS):
            _, admin = await self._connected()
            found = await admin.list_consumer_group_offsets(group, partitions=wanted)
        if len(found) < len(wanted):  # aiokafka does not raise what a coordinator says of a group
            raise GroupCoordinatorNotAvailableError(group)
        return {
            (one.topic, one.partition): told.offset
            for one, told in found.items()
            if told.offset >= 0
        }

    async def topics(self) -> frozenset[str]:
        """The names of all topics. To ask anything else about one that is missing may make it
        (Tansu)."""
        async with asyncio.timeout(ANSWER_SECONDS):
            _, admin = await self._connected()
            return frozenset(await admin.list_topics())

    async def since(self, topics: Sequence[str], time_ms: int) -> Offsets:
        """How many records each partition was given since that time."""
        async with asyncio.timeout(ANSWER_SECONDS):
            consumer, _ = await self._connected()
            wanted = [one for topic in topics for one in await self._partitions(consumer, topic)]
            ends = await consumer.end_offsets(wanted)
            first = await first_since(consumer, wanted, time_ms)
        return {
            (one.topic, one.partition): max(0, ends[one] - first.get(one, ends[one]))
            for one in wanted
        }

    async def members(self, group: str) -> Members:
        """Who is in a group."""
        async with asyncio.timeout(ANSWER_SECONDS):
            _, admin = await self._connected()
            (answer,) = await admin.describe_consumer_groups([group])
        ((code, _, state, _, protocol, members, *_),) = answer.groups
        if code:
            raise for_code(code)(group)
        if members and not protocol:
            return Members(state, None)
        return Members(state, tuple(f"{one[1]} at {one[2].lstrip('/')}" for one in members))

    def partition_of(self, topic: str, key: str) -> Partition:
        """As the producer's partitioner has it (Kafka's own: murmur2)."""
        return topic, (murmur2(key.encode()) & 0x7FFFFFFF) % self._counts[topic]

    async def close(self) -> None:
        """End the connections, if there are any."""
        if self._consumer is not None:
            await self._consumer.stop()
        if self._admin is not None:
            await self._admin.close()

    async def _partitions(self, consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
        found = consumer.partitions_for_topic(topic)
        if found is None:  # not asked for before
            await consumer._client.add_topic(topic)
            found = consumer.partitions_for_topic(topic)
        self._counts[topic] = len(found or (0,))
        return [TopicPartition(topic, one) for one in range(self._counts[topic])]

    async def _connected(self) -> tuple[AIOKafkaConsumer, AIOKafkaAdminClient]:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                **self._options,
                enable_auto_commit=False,
                fetch_max_wait_ms=EMPTY_FETCH_MS,
            )
            await _or_end(consumer.start, consumer.stop)
            self._consumer = consumer
        if self._admin is None:
            admin = AIOKafkaAdminClient(**self._options)
            await _or_end(admin.start, admin.close)
            self._admin = admin
        return self._consumer, self._admin


async def first_since(
    consumer: AIOKafkaConsumer, places: Sequence[TopicPartition], time_ms: int
) -> dict[TopicPartition, int]:
    """The first offset of each partition that is as young; none younger, none told. Tansu 0.6.0
    says so with the offset 0 and no time."""
    found = await consumer.offsets_for_times(dict.fromkeys(places, time_ms))
    return {one: told.offset for one, told in found.items() if told and told.timestamp >= 0}


async def _or_end(start: Step, end: Step) -> None:
    """A client that could not start in its time leaves nothing open."""
    try:
        await start()
    except BaseException:
        await end()
        raise


async def _read_on(
    consumer: AIOKafkaConsumer, told: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Where the logs end, if they end behind what was told. Nothing is fetched afterwards. Who may
    look but not read takes what is told: a broker that knows rights tells the truth."""
    consumer.assign(list(told))
    for one, offset in told.items():
        consumer.seek(one, offset)
    with suppress(TopicAuthorizationFailedError):
        await consumer.getmany(timeout_ms=READ_ON_MS)
    ends = {one: await consumer.position(one) for one in told}
    consumer.unsubscribe()
    return ends
