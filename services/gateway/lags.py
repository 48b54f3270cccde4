"""How far consumer groups are behind: in records, and in seconds, which is what people understand.

The lag in seconds is the age of the oldest record that a group has not read (STACK: the time stamp
of that record), not of the newest: a group that reads at all but ever slower shows it.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.runtime.watching import Offsets, Partition


@dataclass(frozen=True, slots=True)
class Lag:
    """`seconds` None: there is nothing it has not read, or the record's age is not known."""

    records: int
    seconds: float | None


class Places(Protocol):
    """What is asked of the broker (services/runtime/kafka_places.py)."""

    async def ends(self, topics: Sequence[str]) -> Offsets: ...

    async def begins(self, topics: Sequence[str]) -> Offsets: ...

    async def of_group(self, group: str, partitions: Sequence[Partition]) -> Offsets: ...

    async def times_at(self, places: Offsets) -> Mapping[Partition, int]: ...


class Lags:
    """One question at a time: the connection that asks is one consumer."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._lock = asyncio.Lock()

    async def of(self, groups: Mapping[str, Sequence[str]]) -> Mapping[str, Lag]:
        """By group, each with the topics it reads. KafkaError, TimeoutError if none answers."""
        async with self._lock:
            topics = sorted({topic for some in groups.values() for topic in some})
            ends = await self._places.ends(topics)
            begins = await self._places.begins(topics)
            return {
                name: await self._lag(name, _within(ends, some), begins)
                for name, some in groups.items()
            }

    async def _lag(self, name: str, ends: Offsets, begins: Offsets) -> Lag:
        committed = await self._places.of_group(name, list(ends))
        places = {one: committed.get(one, begins.get(one, 0)) for one in ends}
        unread = {one: offset for one, offset in places.items() if offset < ends[one]}
        times = await self._places.times_at(unread) if unread else {}
        records = sum(ends[one] - offset for one, offset in unread.items())
        oldest = min(times.values(), default=None)
        seconds = None if oldest is None else max(0.0, time.time() - oldest / 1000)
        return Lag(records, None if seconds is None else round(seconds, 1))


def _within(ends: Offsets, topics: Sequence[str]) -> Offsets:
    return {one: end for one, end in ends.items() if one[0] in topics}
