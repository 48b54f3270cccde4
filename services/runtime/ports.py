"""The ports of delivery, the log, the store and the counts, and what a write can come to.

The first two exist twice: Kafka and MongoDB (kafka.py, store.py), and in memory (memory.py). The
same test suite runs against both. Every method returns only when the server has acknowledged;
while a server is away it waits and tries again, so that no caller ever sees a transient error; a
write of documents alone is not tried again but `Unknown`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from contracts.envelope import Context, Event, Message, Record
from services.runtime.arrivals import Arrival
from services.runtime.document import Document, Position


@dataclass(frozen=True, slots=True)
class Written:
    """The document is stored."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Someone else wrote first: read again and decide anew."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody acknowledged it, so it may be stored: read again, and decide anew if it is not. What
    was decided before an outage has times from before it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Another living saga of the tenant holds the value of this key of `holds`."""

    key: str


WriteResult = Written | Missed | Unknown | Taken
Sent = Mapping[str, int]
"""Per saga how much it had said when all of it was acknowledged: a mark misses what came since."""


class Log(Protocol):
    """The topics."""

    async def publish(self, messages: Sequence[Message]) -> Sequence[Position]:
        """Send all; return where each stands, once every one is acknowledged."""
        ...


class Store(Protocol):
    """The step documents of one service."""

    async def read(self, saga_ids: Sequence[str]) -> Mapping[str, Document]:
        """The documents that exist, by saga id."""
        ...

    async def write(self, documents: Sequence[Document], sent: Sent) -> Sequence[WriteResult]:
        """Write each document if its stored revision is still the one it was decided from.

        The documents are of different sagas. `sent` marks outboxes as sent on the way.
        """
        ...

    async def clear_watches(self, answered: Sequence[Context]) -> None:
        """Of these sagas the next step has answered: nobody waits for it any more."""
        ...

    async def due(self, now: datetime, limit: int) -> Sequence[Document]:
        """Documents whose time has come, the longest due first: that of `Document.due_at()` when
        they were written, or until which they were put off."""
        ...

    async def put_off(self, saga_ids: Sequence[str], until: datetime) -> None:
        """Look at these documents again at that time: nothing was to be done yet."""
        ...


class Counts(Protocol):
    """What delivery tells of its work."""

    def cell(self, cell: str, arrival: Event | Arrival, after: Document | None = None) -> None:
        """An arrival met this cell of the table, which changed the document to this one."""
        ...

    def dead_letter(self, error_class: str, record: Record) -> None:
        """A record was set aside."""
        ...
