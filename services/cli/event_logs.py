"""Reads the event topics in time: up to their ends of now, and on as they grow."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime

from aiokafka import TopicPartition

from contracts.envelope import Record
from services.cli.topic_logs import Logs
from services.evidence.log_reading import SILENCE_SECONDS, record_of
from services.runtime.kafka_reading import first_since

PAUSE_MS = 200
Ends = Mapping[TopicPartition, int]


async def seek(logs: Logs, since: datetime | None) -> Ends:
    """Stand at the first records of that time by the broker's clock, or at the beginning; where the
    logs end now. The ends are asked for first, so that nothing that comes meanwhile is passed over.
    """
    consumer, partitions = logs.consumer, logs.partitions
    ends: Ends = await consumer.end_offsets(partitions)
    if since is None:
        await consumer.seek_to_beginning(*partitions)
        return ends
    first = await first_since(consumer, partitions, int(since.timestamp() * 1000))
    for one in partitions:
        consumer.seek(one, first.get(one, ends[one]))
    return ends


async def seek_to_ends(logs: Logs) -> None:
    """Stand where the logs end now."""
    for one, end in (await logs.consumer.end_offsets(logs.partitions)).items():
        logs.consumer.seek(one, end)


async def read_up_to(logs: Logs, ends: Ends) -> AsyncIterator[Record]:
    """In the order of the broker's times over all partitions, of each of which one fetch is kept.

    TimeoutError if nothing comes for SILENCE_SECONDS.
    """
    kept: dict[TopicPartition, deque[Record]] = {one: deque() for one in logs.partitions}
    unread = await _unread(logs, ends, logs.partitions)
    while unread or any(kept.values()):
        if empty := [one for one in unread if not kept[one]]:
            await _fetch(logs, empty, kept)
            unread -= set(empty) - await _unread(logs, ends, empty)
            continue
        yield min(filter(None, kept.values()), key=_time_of_first).popleft()


async def read_on(logs: Logs) -> AsyncIterator[Record]:
    """What comes, for ever; a broker that is away is waited for."""
    while True:
        found = await logs.consumer.getmany(timeout_ms=PAUSE_MS)
        fresh = [record_of(one) for some in found.values() for one in some]
        for record in sorted(fresh, key=lambda one: one.timestamp_ms):
            yield record


async def _fetch(
    logs: Logs, empty: Collection[TopicPartition], kept: Mapping[TopicPartition, deque[Record]]
) -> None:
    async with asyncio.timeout(SILENCE_SECONDS):
        while not (found := await logs.consumer.getmany(*empty, timeout_ms=PAUSE_MS)):
            pass
    for one, records in found.items():
        kept[one].extend(map(record_of, records))


async def _unread(
    logs: Logs, ends: Ends, partitions: Collection[TopicPartition]
) -> set[TopicPartition]:
    """Tansu tells an end that is too low (kafka_reading.py): a last batch comes whole anyway."""
    return {one for one in partitions if await logs.consumer.position(one) < ends[one]}


def _time_of_first(records: deque[Record]) -> tuple[int, str, int]:
    first = records[0]
    return first.timestamp_ms, first.topic, first.partition
