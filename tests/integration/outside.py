"""What the world outside sees: records of topics and places of groups, by plain clients.

It shares no code with ours, so that a mistake in ours cannot hide itself.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

Place = tuple[str, int, int]
PARTITIONS = 4
EVENTS = (
    "partner-onboarding-initiated",
    "partner-registration-completed",
    "contract-created",
    "documents-verified",
    "campaigns-enabled",
    "recruitment-setup-completed",
    "partner-onboarding-completed",
    "partner-onboarding-failed",
    "compensation-requested",
    "compensation-completed",
)
STEPS = ("registration", "contract", "documents", "campaigns", "recruitment")
SERVICES = (*STEPS, "saga-state")


def event_topics(prefix: str) -> list[str]:
    return [f"{prefix}onboarding.{name}" for name in EVENTS]


def start_topic(prefix: str) -> str:
    return event_topics(prefix)[0]


def dead_letter_topics(prefix: str) -> dict[str, str]:
    """By service."""
    return {service: f"{prefix}onboarding.{service}.dlq" for service in SERVICES}


@dataclass(frozen=True)
class Seen:
    """A record as a consumer has it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]

    @property
    def place(self) -> Place:
        return self.topic, self.partition, self.offset

    @property
    def type(self) -> str:
        """`ContractCreated` of `com.hexabuilders.onboarding.ContractCreated.v1`."""
        return self.header("ce_type").split(".")[3]

    @property
    def body(self) -> Any:
        return json.loads(self.value or b"null")

    @property
    def copies(self) -> Place:
        """Of a dead letter: the coordinates of the record that it is a copy of."""
        partition, offset = self.header("dlq_partition"), self.header("dlq_offset")
        return self.header("dlq_topic"), int(partition), int(offset)

    def header(self, name: str) -> str:
        """Empty if there is none."""
        return dict(self.headers).get(name, b"").decode()


class Reading:
    """A consumer without a group, from the beginning of all partitions of some topics.

    `limits` are times of the client's own, in milliseconds.
    """

    def __init__(self, kafka: str, topics: Iterable[str], **limits: int) -> None:
        self._kafka = kafka
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=kafka, enable_auto_commit=False, fetch_max_wait_ms=50, **limits
        )
        self._topics = list(topics)
        self._partitions: list[TopicPartition] = []
        self.seen: list[Seen] = []

    async def __aenter__(self) -> "Reading":
        await self._consumer.start()
        known = await self._consumer._client.fetch_all_metadata()
        for topic in self._topics:  # one that was made just now is not told of yet
            there = known.partitions_for_topic(topic) or range(PARTITIONS)
            self._partitions += [TopicPartition(topic, one) for one in sorted(there)]
        self._consumer.assign(self._partitions)
        await self._consumer.seek_to_beginning(*self._partitions)
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._consumer.stop()

    async def more(self) -> list[Seen]:
        """What has come since the last call."""
        found = await self._consumer.getmany(timeout_ms=50)
        fresh = [
            Seen(one.topic, one.partition, one.offset, one.key, one.value, tuple(one.headers))
            for records in found.values()
            for one in records
        ]
        self.seen += fresh
        return fresh

    async def to_the_end(self) -> list[Seen]:
        """All there is up to the ends of now.

        Tansu 0.6.0 tells an end that is too low: one past the first record of the last batch. Who
        has come so far has that batch whole, for a consumer is given all of a batch at once.
        """
        ends = await self._consumer.end_offsets(self._partitions)
        while any([await self._consumer.position(one) < ends[one] for one in self._partitions]):
            await self.more()
        return self.seen

    async def unread_by(self, group: str) -> dict[str, tuple[int, int]]:
        """Where a group has not committed all there is now: per partition its place, and the end."""
        await self.to_the_end()
        admin = AIOKafkaAdminClient(bootstrap_servers=self._kafka)
        await admin.start()
        try:
            told = await admin.list_consumer_group_offsets(group, partitions=self._partitions)
        finally:
            await admin.close()
        places = {one: max(0, told[one].offset) if one in told else 0 for one in self._partitions}
        ends = {one: await self._consumer.position(one) for one in self._partitions}
        return {
            f"{one.topic}/{one.partition}": (places[one], ends[one])
            for one in self._partitions
            if places[one] < ends[one]
        }


def partitions_of(topics: Iterable[str]) -> list[TopicPartition]:
    return [TopicPartition(topic, one) for topic in topics for one in range(PARTITIONS)]


async def read_all(kafka: str, topics: Iterable[str]) -> list[Seen]:
    """Everything in some topics."""
    async with Reading(kafka, topics) as reading:
        return await reading.to_the_end()


async def committed(kafka: str, group: str, topics: Iterable[str]) -> dict[str, int]:
    """Where a group stands, by partition; of one where it committed nothing: nothing."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        told = await admin.list_consumer_group_offsets(group, partitions=partitions_of(topics))
    finally:
        await admin.close()
    return {f"{one.topic}/{one.partition}": at.offset for one, at in told.items() if at.offset >= 0}
