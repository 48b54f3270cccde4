"""The real code, asked once for each pair of document and arrival, and remembered.

A step in the small world is its real handler under the real delivery, on ports that only note
what is written and sent. Times and counters that do not matter are made equal, so that documents
that behave alike are one.
"""

import asyncio
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from contracts.envelope import Record
from contracts.journey import Journeys
from contracts.reading import Reader
from services.cli.proof.messages import Messages, numbers_in
from services.cli.proof.play import Play
from services.runtime.arrivals import Arrival
from services.runtime.delivery import Delivery, deliver, settle
from services.runtime.document import Document
from services.runtime.part import TRIES_OF_A_BUG, Part
from services.runtime.protocol import row_of
from services.runtime.step import StepService

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
LATE = NOW + timedelta(days=400)  # everything is due then
HELD, NEXT_TRY = NOW + timedelta(seconds=30), NOW + timedelta(seconds=1)
LEASE = "now"
ABSENT = 0


@dataclass(frozen=True, slots=True)
class Reaction:
    """What came of an arrival: the document, what was said in order, whether it calls."""

    document: int
    said: tuple[int, ...]
    calls: str | None
    cells: tuple[str, ...]


@dataclass
class Actor:
    """One step. Documents are numbers into `documents`; 0 is no document."""

    step: StepService
    journeys: Journeys
    outside: bool
    reader: Reader
    messages: Messages
    documents: list[Document | None] = field(default_factory=lambda: [None])
    _numbers: dict[tuple[Any, ...], int] = field(default_factory=dict)
    _rows: dict[int, str | None] = field(default_factory=dict)
    _matters: dict[tuple[int, int], int] = field(default_factory=dict)
    _unhurried: dict[int, int] = field(default_factory=dict)
    _known: dict[tuple[Any, ...], Reaction] = field(default_factory=dict)

    def hears(self, document: int, message: int) -> Reaction:
        """A message is delivered."""
        key = ("hears", document, message)
        if key not in self._known:
            record = self.messages.record(message)
            self._known[key] = self._play(document, NOW, partial(_deliver, record))
        return self._known[key]

    def meets(self, document: int, arrival: Arrival, late: bool = False) -> Reaction:
        """Time, an answer or a person's wish arrives; `late`: all times have come."""
        key = ("meets", document, arrival, late)
        if key not in self._known:
            self._known[key] = self._play(
                document, LATE if late else NOW, partial(_settle, arrival)
            )
        return self._known[key]

    def row_of(self, message: int) -> str | None:
        """The row of the table in which a message is for this step."""
        if message not in self._rows:
            event, part = self.reader.read(self.messages.record(message)), self._part(NOW)
            journey = part.journey_of(event.context)
            self._rows[message] = row_of(event, part, journey) if journey else None
        return self._rows[message]

    def unhurried(self, number: int) -> int:
        """The document without the times at which only impatience could strike."""
        if number not in self._unhurried:
            one = self.documents[number]
            if one is not None and one.state != "parked":
                one = replace(one, watch_at=None, deadline_at=None)
            self._unhurried[number] = self.number(one) if one else ABSENT
        return self._unhurried[number]

    def still_matters(self, document: int, mask: int) -> int:
        """Of these messages those that can still change or say something."""
        key = (document, mask)
        if mask and key not in self._matters:
            self._matters[key] = sum(
                1 << number for number in numbers_in(mask) if self._matters_to(document, number)
            )
        return self._matters[key] if mask else 0

    def _matters_to(self, document: int, message: int) -> bool:
        one = self.documents[document]
        if self.row_of(message) == "next":  # heard only after it was done; and it is done once
            return one is not None and one.is_watching
        if one is None or one.state not in ("undone", "blocked"):
            return True
        reaction = self.hears(document, message)
        return reaction.document != document or bool(reaction.said)

    def number(self, document: Document) -> int:
        """The number of a document that behaves like this one."""
        alike = _alike(document)
        key = tuple(getattr(alike, name) for name in _TOLD_APART_BY)
        if key not in self._numbers:
            self._numbers[key] = len(self.documents)
            self.documents.append(alike)
        return self._numbers[key]

    def _part(self, now: datetime) -> Part:
        return Part(
            self.step,
            self.step.rules(),
            lambda: now,
            lambda row: row.timeout_seconds,
            journeys=self.journeys,
            outside=self.outside,
        )

    def _play(self, number: int, now: datetime, what: Any) -> Reaction:
        ports = Play(self.documents[number])
        delivery = Delivery(self._part(now), self.reader, ports, ports, ports, ports.calls.append)
        asyncio.run(what(delivery, ports))
        said = tuple(self.messages.number(message) for message in ports.said)
        call = ports.calls[-1].state if ports.calls else None
        after = ports.document
        if after is not None:
            plain = self.messages.plain
            after = replace(
                after, outbox=tuple(map(plain, after.outbox)), plan=tuple(map(plain, after.plan))
            )
        return Reaction(
            self.number(after) if after else ABSENT,
            said,
            None if call is None else "undo" if call == "undoing" else "do",
            tuple(ports.cells),
        )


async def _deliver(record: Record, delivery: Delivery, _ports: Play) -> None:
    await deliver(delivery, [record])


async def _settle(arrival: Arrival, delivery: Delivery, ports: Play) -> None:
    assert ports.document is not None
    await settle(delivery, {ports.saga: [arrival]}, {ports.saga: ports.document})


_TOLD_APART_BY = tuple(one.name for one in fields(Document) if one.name not in ("result", "holds"))


def _alike(one: Document) -> Document:
    """The document with what does not matter made equal: counters, and when exactly."""
    return replace(
        one,
        revision=1,
        said=len(one.outbox),
        sent=len(one.outbox),
        attempts=TRIES_OF_A_BUG,
        decided_at=NOW,
        lease=LEASE if one.lease else None,
        try_at=(HELD if one.lease else NEXT_TRY) if one.try_at else None,
        deadline_at=HELD if one.deadline_at else None,
        watch_at=HELD if one.watch_at else None,
        give_up_at=LATE + timedelta(days=400) if one.give_up_at else None,
        record=replace(one.record, timestamp_ms=0) if one.record else None,
    )
