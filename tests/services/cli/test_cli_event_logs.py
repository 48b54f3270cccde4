"""Reading several partitions in time, on logs by hand: what order, and where it ends."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.structs import OffsetAndTimestamp

from services.cli.event_logs import read_up_to, seek, seek_to_ends
from services.cli.topic_logs import Logs

A, B, C = (TopicPartition("t", number) for number in range(3))


@dataclass
class HandMade:
    """A consumer of logs of broker times in ms; it gives two records of a partition at a time."""

    times: dict[TopicPartition, list[int]]
    at: dict[TopicPartition, int] = field(default_factory=dict)

    async def end_offsets(self, partitions: Any) -> dict[TopicPartition, int]:
        return {one: len(self.times[one]) for one in partitions}

    async def seek_to_beginning(self, *partitions: TopicPartition) -> None:
        self.at |= dict.fromkeys(partitions, 0)

    async def offsets_for_times(self, wanted: Any) -> dict[TopicPartition, Any]:
        found = {}
        for one, ms in wanted.items():
            later = (n for n, time in enumerate(self.times[one]) if time >= ms)
            first = next(later, None)
            found[one] = None if first is None else OffsetAndTimestamp(first, ms)
        return found

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.at[partition] = offset

    async def position(self, partition: TopicPartition) -> int:
        return self.at[partition]

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int
    ) -> dict[TopicPartition, list[Any]]:
        found = {one: self._next(one) for one in partitions or self.times}
        return {one: records for one, records in found.items() if records}

    def _next(self, one: TopicPartition) -> list[Any]:
        begins = self.at[one]
        some = self.times[one][begins : begins + 2]
        self.at[one] += len(some)
        return [
            ConsumerRecord(one.topic, one.partition, begins + n, ms, 0, None, b"{}", None, 0, 2, ())
            for n, ms in enumerate(some)
        ]


def logs_of(**times: list[int]) -> Logs:
    by_partition = {part: times.get(name, []) for name, part in zip("abc", (A, B, C), strict=True)}
    return Logs(HandMade(by_partition), list(by_partition))  # type: ignore[arg-type]


async def times_read(logs: Logs, since_ms: int | None = None) -> list[int]:
    since = None if since_ms is None else datetime.fromtimestamp(since_ms / 1000, UTC)
    return [one.timestamp_ms async for one in read_up_to(logs, await seek(logs, since))]


async def test_records_of_all_partitions_come_in_the_order_of_their_times():
    logs = logs_of(a=[1, 4, 7, 8, 9, 20], b=[2, 3, 5, 6, 30], c=[])
    assert await times_read(logs) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 30]


async def test_within_a_partition_the_log_decides():
    assert await times_read(logs_of(a=[5, 1, 6], b=[2])) == [2, 5, 1, 6]


@pytest.mark.parametrize(("since", "found"), [(0, [1, 2, 8, 9]), (8, [8, 9]), (10, [])])
async def test_since_a_time_what_is_older_is_not_read(since, found):
    assert await times_read(logs_of(a=[1, 8], b=[2, 9]), since) == found


async def test_it_ends_where_the_logs_ended_at_the_start():
    logs = logs_of(a=[1, 2], b=[3, 4])
    ends = await seek(logs, None)
    read = []
    async for one in read_up_to(logs, ends):
        read.append(one.timestamp_ms)
        logs.consumer.times[A].append(100 + len(read))  # type: ignore[attr-defined]
    assert set(read) >= {1, 2, 3, 4}
    assert len(read) <= 6  # at most what one fetch brought along


async def test_from_now_on_nothing_that_is_there_is_read():
    logs = logs_of(a=[1, 2], b=[3])
    await seek_to_ends(logs)
    assert await logs.consumer.getmany(timeout_ms=0) == {}
