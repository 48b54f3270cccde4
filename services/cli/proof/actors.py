"""The real code, asked once for each pair of document and arrival, and remembered.

A step in the small world is its real handler under the real delivery, on ports that only note
what is written and sent. Times and counters that do not matter are made equal, so that documents
that behave alike are one.
"""

from asyncio import AbstractEventLoop
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from contracts.events import CompensationRequested
from contracts.journey import Journeys
from contracts.operator import RedriveRequested, ResolveRequested, StepParked
from contracts.reading import Reader
from contracts.topics import dead_letter_topic
from services.cli.proof import arriving
from services.cli.proof.arriving import Handler, What
from services.cli.proof.messages import Messages
from services.cli.proof.play import Play
from services.runtime import protocol
from services.runtime.arrivals import Arrival
from services.runtime.delivery import Delivery
from services.runtime.document import Document
from services.runtime.part import TRIES_OF_A_BUG, Part
from services.runtime.step import StepService

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
LATE = NOW + timedelta(days=400)  # every try is due then
OVER = LATE + timedelta(days=800)  # and the time that an undo has is over
HELD, NEXT_TRY = NOW + timedelta(seconds=30), NOW + timedelta(seconds=1)
LEASE, OLD_LEASE = "now", "old"
ABSENT = 0
WISHES = {RedriveRequested.__name__: "redrive", ResolveRequested.__name__: "resolve"}


@dataclass(frozen=True, slots=True)
class Dying:
    """A worker dies in the middle: what is stored, said and acknowledged by then."""

    document: int
    said: tuple[int, ...]
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class Reaction:
    """What came of an arrival: the document, what was said in order, whether it calls."""

    document: int
    said: tuple[int, ...]
    calls: str | None
    cells: tuple[str, ...]
    deaths: tuple[Dying, ...]


@dataclass
class Actor:
    """One step. Documents are numbers into `documents`; 0 is no document."""

    step: StepService
    journeys: Journeys
    outside: bool
    reader: Reader
    messages: Messages
    loop: AbstractEventLoop
    documents: list[Document | None] = field(default_factory=lambda: [None])
    dropped: list[str] = field(default_factory=list)  # the cells of what need not be delivered
    _numbers: dict[tuple[Any, ...], int] = field(default_factory=dict)
    _rows: dict[int, str | None] = field(default_factory=dict)
    _known: dict[tuple[Any, ...], Reaction] = field(default_factory=dict)
    _outboxes: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _patient: dict[tuple[int, bool, bool], int] = field(default_factory=dict)

    def hears(self, document: int, message: int) -> Reaction:
        """A message is delivered."""
        key = (document, message)
        if key not in self._known:
            record = self.messages.record(message)
            self._known[key] = self._play(document, NOW, partial(arriving.deliver, record))
        return self._known[key]

    def meets(self, document: int, arrival: Arrival, now: datetime = NOW) -> Reaction:
        """Time, an answer or a person's wish arrives."""
        key = (document, arrival, now)
        if key not in self._known:
            self._known[key] = self._play(document, now, partial(arriving.settle, arrival))
        return self._known[key]

    def stumbles(self, document: int, message: int) -> Reaction:
        """A message is delivered, and the step's own handler meets a bug."""
        key = (document, message, "bug")
        if key not in self._known:
            record = self.messages.record(message)
            self._known[key] = self._play(
                document, NOW, partial(arriving.deliver, record), arriving.broken
            )
        return self._known[key]

    def tries(self, document: int, broken: bool = False) -> Reaction:
        """The next try is due: what the sweeper makes of it."""
        key = (document, "try", broken)
        if key not in self._known:
            handler = arriving.broken if broken else None
            self._known[key] = self._play(document, LATE, arriving.try_again, handler)
        return self._known[key]

    def row_of(self, message: int) -> str | None:
        """The row of the table in which a message is for this step."""
        if message not in self._rows:
            self._rows[message] = self._row_of(message)
        return self._rows[message]

    def matters(self, document: int, message: int) -> bool:
        """Whether the message, heard now or later, can still change or say something.

        Not in these two cases. P(k+1) is said only once k is done, and all that it does there is
        to clear the watch: without a watch it does nothing, and k is done only once. And undone
        and blocked are never left: what does nothing there does nothing ever after. (What is heard
        in its turn must be answered with K there: it is kept, so that silence is noticed.)
        """
        one = self.documents[document]
        if self.row_of(message) == "next":
            return one is not None and one.is_watching
        if one is None or one.state not in ("undone", "blocked"):
            return True
        if self.row_of(message) == "undo, my turn":
            return True
        reaction = self.hears(document, message)
        if reaction.document != document or reaction.said:
            return True
        self.dropped += reaction.cells
        return False

    def outbox(self, document: int) -> tuple[int, ...]:
        """What stands in the outbox of a document, in order."""
        if document not in self._outboxes:
            one = self.documents[document]
            said = map(self.messages.number, one.outbox) if one else ()
            self._outboxes[document] = tuple(said)
        return self._outboxes[document]

    def patient(self, document: int, watches: bool, deadlines: bool) -> int:
        """The document without its watch or its deadline, if these can strike no more. What is
        parked keeps its deadline: that is its end."""
        key = (document, watches, deadlines)
        if key not in self._patient:
            one = self.documents[document]
            if one is not None and not watches:
                one = replace(one, watch_at=None)
            if one is not None and not deadlines and one.state != "parked":
                one = replace(one, deadline_at=None)
            self._patient[key] = self._stored(one)
        return self._patient[key]

    def number(self, document: Document) -> int:
        """The number of a document that behaves like this one."""
        alike = _alike(document, self.messages)
        key = tuple(getattr(alike, name) for name in _TOLD_APART_BY)
        if key not in self._numbers:
            self._numbers[key] = len(self.documents)
            self.documents.append(alike)
        return self._numbers[key]

    def _row_of(self, message: int) -> str | None:
        event, part = self.messages.event(message), self._part(NOW)
        if event is None or isinstance(event.data, StepParked):
            return None
        if (wish := WISHES.get(event.name)) is not None:
            return wish if event.record.topic == dead_letter_topic(part.name) else None
        journey = part.journey_of(event.context)
        row = protocol.row_of(event, part, journey) if journey else None
        if row is None and isinstance(event.data, CompensationRequested):
            return self._row_of_absent(message)
        return row

    def _row_of_absent(self, message: int) -> str | None:
        """The row in which a request is that is for nobody here, if the saga is not known yet: one
        that names no journey may end at any step."""
        cells = self.hears(ABSENT, message).cells
        return next((cell.partition(", absent")[0] for cell in cells if "absent" in cell), None)

    def _part(self, now: datetime, handler: Handler | None = None) -> Part:
        return Part(
            replace(self.step, handler=handler or self.step.handler),
            self.step.rules(),
            lambda: now,
            lambda row: row.timeout_seconds,
            journeys=self.journeys,
            outside=self.outside,
        )

    def _play(
        self, number: int, now: datetime, what: What, handler: Handler | None = None
    ) -> Reaction:
        ports, part = Play(self.documents[number]), self._part(now, handler)
        delivery = Delivery(part, self.reader, ports, ports, ports, ports.calls.append)
        self.loop.run_until_complete(what(delivery, ports))
        said = tuple(self.messages.number(message) for message in ports.said)
        call = ports.calls[-1].state if ports.calls else None
        deaths = tuple(
            Dying(self._stored(one.document), said[: one.said], one.acknowledged)
            for one in (ports.moments[:-1] if ports.moments else ())
        )
        return Reaction(
            self._stored(ports.document),
            said,
            None if call is None else "undo" if call == "undoing" else "do",
            tuple(ports.cells),
            deaths,
        )

    def _stored(self, document: Document | None) -> int:
        return ABSENT if document is None else self.number(document)


_TOLD_APART_BY = tuple(one.name for one in fields(Document) if one.name not in ("result", "holds"))


def _alike(one: Document, messages: Messages) -> Document:
    """The document with what does not matter made equal: counters, and when exactly."""
    return replace(
        one,
        outbox=tuple(map(messages.plain, one.outbox)),
        plan=tuple(map(messages.plain, one.plan)),
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
