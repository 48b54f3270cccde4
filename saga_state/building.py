"""A projection under construction: its collections, and how the work on it is shared out; pure."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

NOTES_AT_ONCE = 10_000  # of a bucket: what a worker folds at once is all in memory
MOST_BUCKETS = 256
OVER = ("swapped", "dropped")
Range = tuple[str, str | None]
Stage = Literal["begun", "reading", "keeping", "folding", "ready", "swapping", "swapped", "dropped"]


@dataclass(frozen=True, slots=True)
class Building:
    """The collections of one rebuild. Each rebuild has another number, and so other names: what a
    worker of the projection still writes to an older one is in nobody's way."""

    number: int

    @property
    def sagas(self) -> str:
        return f"sagas_{self.number}"

    @property
    def events(self) -> str:
        return f"events_{self.number}"

    @property
    def notes(self) -> str:
        """What was noted of the events that were read, until it is folded."""
        return f"notes_{self.number}"

    @property
    def kept(self) -> str:
        """The sagas of which records have left the topics."""
        return f"kept_{self.number}"

    @property
    def collections(self) -> tuple[str, ...]:
        return self.sagas, self.events, self.notes, self.kept

    @property
    def first_revision(self) -> int:
        """Revisions here begin where no other collection of sagas has one. Who read a document
        before the swap and writes it after the swap misses, whatever was stored meanwhile."""
        return self.number << 32


@dataclass(frozen=True, slots=True)
class Span:
    """The records of a partition from `begin` up to, but without, `end`."""

    topic: str
    partition: int
    begin: int
    end: int

    @property
    def place(self) -> str:
        return f"{self.topic}/{self.partition}"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild is. `read` has per span the offset that is to be read next, `poison` how
    many of its records are none of ours; `folded` tells per bucket whether it is done."""

    building: Building
    stage: Stage
    begun_at: datetime
    spans: Sequence[Span] = ()
    read: Sequence[int] = ()
    poison: Sequence[int] = ()
    folded: Sequence[bool] = ()

    @property
    def is_over(self) -> bool:
        """Whether the next one is another."""
        return self.stage in OVER

    @property
    def events(self) -> tuple[int, int]:
        """How many records were read, and of how many."""
        done = (min(at, s.end) - s.begin for at, s in zip(self.read, self.spans, strict=True))
        return sum(done), sum(span.end - span.begin for span in self.spans)


def buckets_for(records: int) -> int:
    """How many buckets so many records are shared out to."""
    return max(1, min(MOST_BUCKETS, -(-records // NOTES_AT_ONCE)))


def bucket_of(saga_id: str, buckets: int) -> int:
    """All events of a saga fall into one bucket."""
    return zlib.crc32(saga_id.encode()) % buckets


def ranges(count: int = 64) -> list[Range]:
    """Ranges of ids, from the first up to, but without, the second, of equal size for UUIDs.
    Together they hold any text: the first begins at the empty one, the last has no end."""
    cuts = [f"{number * 256 // count:02x}" for number in range(1, count)]
    return list(zip(["", *cuts], [*cuts, None], strict=True))


def largest_first(spans: Sequence[Span], read: Iterable[int]) -> list[int]:
    """The numbers of the spans that have something left, in the order they are best taken in."""
    left = [span.end - at for span, at in zip(spans, read, strict=True)]
    return sorted((n for n, count in enumerate(left) if count > 0), key=lambda n: -left[n])
