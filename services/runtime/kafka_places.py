"""Where logs end and where groups stand, on Kafka (the port `Places`).

Tansu 0.6.0 tells of a log's end what is one past the first record of its last batch. So the log is
read on from the end that was told: to a step that is behind, the answer to a saga may be in that
batch, and the saga would be undone although it was answered.
"""

import asyncio
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.partitioner import murmur2

from services.runtime.kafka_access import client_options
from services.runtime.settings import Settings
from services.runtime.watching import Offsets, Partition

ANSWER_SECONDS = 10.0
EMPTY_FETCH_MS, READ_ON_MS = 20, 200
TIMES_SECONDS = 0.5


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
            for topic in topics:
                found = consumer.partitions_for_topic(topic)
                if found is None:  # not asked for before
                    await consumer._client.add_topic(topic)
                    found = consumer.partitions_for_topic(topic)
                self._counts[topic] = len(found or (0,))
            wanted = [
                TopicPartition(topic, one) for topic in topics for one in range(self._counts[topic])
            ]
            told = await consumer.end_offsets(wanted)
            ends = await _read_on(consumer, told)
        return {(one.topic, one.partition): offset for one, offset in ends.items()}

    async def begins(self, topics: Sequence[str]) -> Offsets:
        """Where the logs begin that `ends` was asked of before."""
        async with asyncio.timeout(ANSWER_SECONDS):
            consumer, _ = await self._connected()
            wanted = [TopicPartition(one, n) for one in topics for n in range(self._counts[one])]
            told = await consumer.beginning_offsets(wanted)
        return {(one.topic, one.partition): offset for one, offset in told.items()}

    async def times_at(self, places: Offsets) -> Mapping[Partition, int]:
        """The times (ms since 1970) of the records at these places, or of the first behind them;
        without those that did not come in half a second."""
        async with asyncio.timeout(ANSWER_SECONDS):
            consumer, _ = await self._connected()
            return await _times(consumer, {TopicPartition(*one): at for one, at in places.items()})

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

    def partition_of(self, topic: str, key: str) -> Partition:
        """As the producer's partitioner has it (Kafka's own: murmur2)."""
        return topic, (murmur2(key.encode()) & 0x7FFFFFFF) % self._counts[topic]

    async def close(self) -> None:
        """End the connections, if there are any."""
        if self._consumer is not None:
            await self._consumer.stop()
        if self._admin is not None:
            await self._admin.close()

    async def _connected(self) -> tuple[AIOKafkaConsumer, AIOKafkaAdminClient]:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                **self._options,
                enable_auto_commit=False,
                fetch_max_wait_ms=EMPTY_FETCH_MS,
            )
            await consumer.start()
            self._consumer = consumer
        if self._admin is None:
            admin = AIOKafkaAdminClient(**self._options)
            await admin.start()
            self._admin = admin
        return self._consumer, self._admin


async def _read_on(
    consumer: AIOKafkaConsumer, told: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Where the logs end, if they end behind what was told. Nothing is fetched afterwards."""
    consumer.assign(list(told))
    try:
        for one, offset in told.items():
            consumer.seek(one, offset)
        await consumer.getmany(timeout_ms=READ_ON_MS)
        return {one: await consumer.position(one) for one in told}
    finally:
        consumer.unsubscribe()


async def _times(
    consumer: AIOKafkaConsumer, places: Mapping[TopicPartition, int]
) -> dict[Partition, int]:
    """Nothing is fetched afterwards."""
    consumer.assign(list(places))
    try:
        for one, offset in places.items():
            consumer.seek(one, offset)
        return await _first_times(consumer, places)
    finally:
        consumer.unsubscribe()


async def _first_times(
    consumer: AIOKafkaConsumer, places: Mapping[TopicPartition, int]
) -> dict[Partition, int]:
    times: dict[Partition, int] = {}
    deadline = asyncio.get_running_loop().time() + TIMES_SECONDS
    while len(times) < len(places) and asyncio.get_running_loop().time() < deadline:
        found = await consumer.getmany(*(set(places) - _known(times)), timeout_ms=READ_ON_MS)
        times |= {(one.topic, one.partition): some[0].timestamp for one, some in found.items()}
    return times


def _known(times: Mapping[Partition, int]) -> set[TopicPartition]:
    return {TopicPartition(*one) for one in times}
