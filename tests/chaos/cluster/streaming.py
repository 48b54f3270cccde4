"""Reads all topics of a system to their ends of now, and gives each record to a ledger."""

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from tests.chaos.cluster.ledger import LETTERS, Ledger, Record

WAIT_MS = 500


async def read_topics(kafka: str, ledger: Ledger) -> None:
    """Events first, then dead letters."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    topics = await _topics(kafka, f"{ledger.prefix}onboarding.")
    await consumer.start()
    try:
        for partitions in topics:
            await _read(consumer, partitions, ledger)
    finally:
        await consumer.stop()


async def _topics(kafka: str, begins: str) -> list[list[TopicPartition]]:
    """The partitions of each."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        names = [topic for topic in await admin.list_topics() if topic.startswith(begins)]
        told = await admin.describe_topics(names)
    finally:
        await admin.close()
    assert names, f"no topic begins with {begins}"
    told.sort(key=lambda one: (one["topic"].endswith(LETTERS), one["topic"]))
    return [
        [TopicPartition(one["topic"], part["partition"]) for part in one["partitions"]]
        for one in told
    ]


async def _read(
    consumer: AIOKafkaConsumer, partitions: list[TopicPartition], ledger: Ledger
) -> None:
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    ends = await consumer.end_offsets(partitions)
    while any([await consumer.position(one) < ends[one] for one in partitions]):
        found = await consumer.getmany(timeout_ms=WAIT_MS)
        for records in found.values():
            for one in records:
                place = (one.topic.removeprefix(ledger.prefix), one.partition, one.offset)
                ledger.take(Record(place, one.key, one.value, one.headers))
