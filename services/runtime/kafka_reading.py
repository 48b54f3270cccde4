"""What a consumer is told of logs: their partitions, where they end, how old their records are.

Tansu 0.6.0 tells of a log's end what is one past the first record of its last batch. So the log is
read on from the end that was told: to a step that is behind, the answer to a saga may be in that
batch, and the saga would be undone although it was answered.
"""

import asyncio
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError

from services.runtime.watching import Partition

READ_ON_MS, TIMES_SECONDS = 200, 0.5


async def partitions_of(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    """All partitions of a topic that is there. aiokafka forgets a topic that it is asked for while
    it refreshes what it knows, and tells of none: so it is asked until it knows."""
    found = await consumer._client._wait_on_metadata(topic)
    return [TopicPartition(topic, one) for one in sorted(found)]


async def first_since(
    consumer: AIOKafkaConsumer, places: Sequence[TopicPartition], time_ms: int
) -> dict[TopicPartition, int]:
    """The first offset of each partition that is as young; none younger, none told. Tansu 0.6.0
    says so with the offset 0 and no time."""
    found = await consumer.offsets_for_times(dict.fromkeys(places, time_ms))
    return {one: told.offset for one, told in found.items() if told and told.timestamp >= 0}


async def read_on(
    consumer: AIOKafkaConsumer, told: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Where the logs end, if they end behind what was told. What was read is not fetched on. Who
    may look but not read takes what is told: a broker that knows rights tells the truth.

    The record before the told end is read, and its batch with it. That one is there, so its answer
    is waited for; an empty answer would not say that nothing stands behind it. The caller sets how
    long it may take.
    """
    ends, behind = dict(told), [one for one, offset in told.items() if offset]
    if not behind:
        return ends
    consumer.assign(behind)
    try:
        for one in behind:
            consumer.seek(one, told[one] - 1)
        while behind:
            await consumer.getmany(*behind, timeout_ms=READ_ON_MS)
            ends |= {one: await consumer.position(one) for one in behind}
            behind = [one for one in behind if ends[one] < told[one]]
        return ends
    except TopicAuthorizationFailedError:
        return dict(told)
    finally:
        consumer.unsubscribe()


async def times_at(
    consumer: AIOKafkaConsumer, places: Mapping[TopicPartition, int]
) -> dict[Partition, int]:
    """The times (ms since 1970) of the records at these places, or of the first behind them;
    without those that did not come in half a second. What was read is not fetched on."""
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
