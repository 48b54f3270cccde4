"""Where logs end and where groups stand, on Kafka (the port `Places`)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, for_code

from services.runtime.kafka_access import client_options
from services.runtime.kafka_reading import first_since, partitions_of, read_on, times_at
from services.runtime.record_batches import tolerate_header_names
from services.runtime.settings import Settings
from services.runtime.watching import Offsets, Partition

ANSWER_SECONDS, CLOSE_SECONDS = 10.0, 1.0
EMPTY_FETCH_MS = 20
Step = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Members:
    """The state of a group, and its clients; None: the broker does not tell them (Tansu keeps
    members that are long dead; Apache Kafka while partitions are shared out)."""

    state: str
    clients: tuple[str, ...] | None


class KafkaPlaces:
    """Connects when it is first asked. Its one consumer answers one question at a time: each
    assigns what it reads, and takes it away again."""

    def __init__(self, settings: Settings) -> None:
        self._options = client_options(settings)
        self._consumer: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None
        self._counts: dict[str, int] = {}
        self._one_at_a_time = asyncio.Lock()

    async def ends(self, topics: Sequence[str]) -> Offsets:
        """See Places."""
        async with self._consuming() as consumer:
            wanted = [one for topic in topics for one in await self._partitions(consumer, topic)]
            told = await consumer.end_offsets(wanted)
            ends = await read_on(consumer, told)
        return {(one.topic, one.partition): offset for one, offset in ends.items()}

    async def begins(self, topics: Sequence[str]) -> Offsets:
        """Where the logs begin that `ends` was asked of before."""
        async with self._consuming() as consumer:
            wanted = [TopicPartition(one, n) for one in topics for n in range(self._counts[one])]
            told = await consumer.beginning_offsets(wanted)
        return {(one.topic, one.partition): offset for one, offset in told.items()}

    async def times_at(self, places: Offsets) -> Mapping[Partition, int]:
        """See `kafka_reading.times_at`."""
        wanted = {TopicPartition(*one): at for one, at in places.items()}
        async with self._consuming() as consumer:
            return await times_at(consumer, wanted)

    async def of_group(self, group: str, partitions: Sequence[Partition]) -> Offsets:
        """See Places."""
        wanted = [TopicPartition(*one) for one in partitions]
        async with asyncio.timeout(ANSWER_SECONDS):
            admin = await self._asking()
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
            admin = await self._asking()
            return frozenset(await admin.list_topics())

    async def since(self, topics: Sequence[str], time_ms: int) -> Offsets:
        """How many records each partition was given since that time."""
        async with self._consuming() as consumer:
            wanted = [one for topic in topics for one in await self._partitions(consumer, topic)]
            ends = await consumer.end_offsets(wanted)
            first = await first_since(consumer, wanted, time_ms)
        return {
            (one.topic, one.partition): max(0, ends[one] - first.get(one, ends[one]))
            for one in wanted
        }

    async def first_since(self, topics: Sequence[str], time_ms: int) -> Offsets:
        """Where the first record of each partition stands that is as young; none: where it ends."""
        async with self._consuming() as consumer:
            wanted = [one for topic in topics for one in await self._partitions(consumer, topic)]
            ends = await consumer.end_offsets(wanted)
            first = await first_since(consumer, wanted, time_ms)
        return {(one.topic, one.partition): first.get(one, ends[one]) for one in wanted}

    async def members(self, group: str) -> Members:
        """Who is in a group."""
        async with asyncio.timeout(ANSWER_SECONDS):
            admin = await self._asking()
            (answer,) = await admin.describe_consumer_groups([group])
        ((code, _, state, _, protocol, members, *_),) = answer.groups
        if code:
            raise for_code(code)(group)
        if members and not protocol:
            return Members(state, None)
        return Members(state, tuple(f"{one[1]} at {one[2].lstrip('/')}" for one in members))

    async def close(self) -> None:
        """End the connections, if there are any."""
        if self._consumer is not None:
            await _end(self._consumer.stop)
        if self._admin is not None:
            await _end(self._admin.close)

    async def _partitions(self, consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
        found = await partitions_of(consumer, topic)
        self._counts[topic] = len(found)
        return found

    @asynccontextmanager
    async def _consuming(self) -> AsyncIterator[AIOKafkaConsumer]:
        async with asyncio.timeout(ANSWER_SECONDS), self._one_at_a_time:
            if self._consumer is None:
                tolerate_header_names()
                consumer = AIOKafkaConsumer(
                    **self._options,
                    enable_auto_commit=False,
                    fetch_max_wait_ms=EMPTY_FETCH_MS,
                )
                await _or_end(consumer.start, consumer.stop)
                self._consumer = consumer
            yield self._consumer

    async def _asking(self) -> AIOKafkaAdminClient:
        async with self._one_at_a_time:
            if self._admin is None:
                admin = AIOKafkaAdminClient(**self._options)
                await _or_end(admin.start, admin.close)
                self._admin = admin
            return self._admin


@asynccontextmanager
async def open_places(settings: Settings) -> AsyncIterator[KafkaPlaces]:
    """Closed at the end of the block."""
    places = KafkaPlaces(settings)
    try:
        yield places
    finally:
        await places.close()


async def _or_end(start: Step, end: Step) -> None:
    """A client that could not start in its time leaves nothing open."""
    try:
        await start()
    except BaseException:
        await end()
        raise


async def _end(end: Step) -> None:
    """It takes no longer than a second: a client of aiokafka that asks for metadata just then may
    hang."""
    with suppress(TimeoutError):
        await asyncio.wait_for(end(), CLOSE_SECONDS)
