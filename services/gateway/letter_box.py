"""The dead letter topics as pages read them: the latest records, of which only heads are kept.

What is shown and chosen is told from a few headers. Records, up to 1 MiB each, are read again of
those letters alone that are shown whole or sent, a chunk at a time.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from aiokafka.errors import KafkaError

from contracts.envelope import Record
from saga_state.building import Span
from services.evidence.log_reading import partitions_of, read
from services.gateway.problems import Unavailable
from services.letters.found import letter_topics, records_of
from services.letters.heads import head_of, whole_of
from services.letters.letter import Letter
from services.runtime.reading import reading
from services.runtime.settings import Settings

MOST = 1_000  # of each partition
SECONDS = 8.0  # less than an answer may take
AWAY = "Kafka did not tell of the dead letters in time; ask again"


@dataclass(frozen=True, slots=True)
class Heads:
    """Records of dead letter topics, of copies the heads. `is_all`: none was left out."""

    records: Sequence[Record]
    is_all: bool


class LetterBox(Protocol):
    """Where dead letters and parkings are read."""

    async def heads(self) -> Heads:
        """The latest of all dead letter topics. Unavailable."""

    async def whole(self, letters: Sequence[Letter]) -> list[Letter]:
        """The same letters, with key, value and all headers. Unavailable."""


class KafkaLetters:
    """Connects for each question."""

    def __init__(self, settings: Settings, most: int = MOST) -> None:
        self._settings, self._most = settings, most

    async def heads(self) -> Heads:
        """See LetterBox."""
        try:
            async with asyncio.timeout(SECONDS), reading(self._settings) as consumer:
                topics = letter_topics(self._settings.prefix)
                partitions = await partitions_of(self._settings, topics)
                records = await records_of(consumer, partitions, self._most, head_of)
                return latest(records, self._most)
        except (TimeoutError, KafkaError):
            raise Unavailable(AWAY) from None

    async def whole(self, letters: Sequence[Letter]) -> list[Letter]:
        """See LetterBox."""
        wanted: dict[tuple[str, int], list[int]] = defaultdict(list)
        for one in letters:
            wanted[one.record.topic, one.record.partition].append(one.record.offset)
        found: dict[tuple[str, int, int], Record] = {}
        try:
            async with asyncio.timeout(SECONDS), reading(self._settings) as consumer:
                for (topic, partition), offsets in wanted.items():
                    span = Span(topic, partition, min(offsets), max(offsets) + 1)
                    async for some in read(consumer, span):
                        found |= {_at(one): one for one in some if one.offset in offsets}
        except (TimeoutError, KafkaError):
            raise Unavailable(AWAY) from None
        if len(found) < sum(map(len, wanted.values())):
            raise Unavailable("what was chosen has left the dead letter topic; look again")
        return [whole_of(one, found[_at(one.record)]) for one in letters]


def latest(records: Sequence[Record], most: int) -> Heads:
    """Of records of which each partition gave its last `most`: those whose marks are among them.

    The mark of a letter may lie in another partition of its topic, and is younger. So where one
    partition was cut, what is older than its first record is left out in all of that topic; else
    what was discarded would be taken for what waits.
    """
    by_partition: dict[tuple[str, int], list[Record]] = defaultdict(list)
    for one in records:
        by_partition[one.topic, one.partition].append(one)
    since: dict[str, int] = {}
    for (topic, _), some in by_partition.items():
        if len(some) >= most:
            since[topic] = max(since.get(topic, 0), min(one.timestamp_ms for one in some))
    kept = [one for one in records if one.timestamp_ms >= since.get(one.topic, 0)]
    return Heads(kept, is_all=not since)


def _at(record: Record) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset
