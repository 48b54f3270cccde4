"""The step document: all that a step knows of one saga, as one frozen value.

It is the inbox (one document per saga, so a repeated event finds its answer), the outbox (what
is still to be said) and the fence (every write is guarded on the revision it was decided from).
How it looks in MongoDB is documented in contracts/step_document.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from contracts.envelope import Context, Event, Message, Record

RESEND_SECONDS = 60.0
"""What a batch did not get acknowledged comes again with the batch, and is said then. What a dead
worker left is said after this time: sooner would load a system that is only behind."""
RESEND_ANSWERS_SECONDS = 15.0
"""What the answer of a call led to comes again with no batch. The step before waits for it, and
would give up a step that has done its work."""
State = Literal[
    "pending", "done", "rejected", "undoing", "undone", "blocked", "parked", "undo_parked"
]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a record stands in the log."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Trigger:
    """The event that the step answered."""

    event_id: str
    source: str
    name: str
    digest: str
    position: Position
    time: datetime
    traceparent: str | None = None

    @classmethod
    def of(cls, event: Event) -> "Trigger":
        record = event.record
        position = Position(record.topic, record.partition, record.offset)
        return cls(
            event.event_id, event.source, event.name, event.digest, position, event.time,
            event.traceparent,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the answer was no, or what set the saga aside."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Document:
    """One saga, seen by one step.

    `revision` counts the writes; 0 is a document that is not stored yet. `outbox` holds what was
    said, in the order in which it is sent; `said` counts all that was ever put into it, `sent`
    how much of that is known to be sent. `trigger`
    is None where an undo came before the event that the step waits for.

    `undo_traceparent` is the trace context of who asked to undo it, if a call follows from it.
    `blocked_for` are other tenants that asked to undo it before anybody knew whose saga it is.

    Of a step with an outside system: `outer`; `plan` is what a yes will say; `lease` names who is
    calling; `try_at` is when the lease ends or the next try is due; `last_answer` is what the last
    call came to that must be made again: for a person, nothing is decided from it.
    """

    context: Context
    state: State
    decided_at: datetime
    trigger: Trigger | None = None
    result: Mapping[str, Any] | None = None
    refusal: Refusal | None = None
    holds: Mapping[str, str] = field(default_factory=dict)
    outbox: tuple[Message, ...] = ()
    said: int = 0
    sent: int = 0
    attempts: int = 1
    outer: bool = False
    plan: tuple[Message, ...] = ()
    record: Record | None = None
    lease: str | None = None
    try_at: datetime | None = None
    last_answer: str | None = None
    deadline_at: datetime | None = None
    watch_at: datetime | None = None
    give_up_at: datetime | None = None
    undo_wanted: bool = False
    undo_traceparent: str | None = None
    deadline_spoke: bool = False
    resolving: bool = False
    blocked_for: tuple[str, ...] = ()
    revision: int = 0

    def saying(self, *messages: Message, **changes: Any) -> "Document":
        """The document with changes, and with more to say."""
        outbox, said = (*self.outbox, *messages), self.said + len(messages)
        return replace(self, outbox=outbox, said=said, **changes)

    @property
    def traceparent(self) -> str | None:
        """The trace context of what it works on, or did last."""
        return self.undo_traceparent or (self.trigger.traceparent if self.trigger else None)

    @property
    def is_answer(self) -> bool:
        """Whether it answers an event; else an undo came first, of whoever asked for it."""
        return self.trigger is not None

    @property
    def is_watching(self) -> bool:
        return self.state == "done" and self.watch_at is not None

    @property
    def is_unsent(self) -> bool:
        """Whether something in the outbox may not have been sent."""
        return self.sent < self.said

    @property
    def unsent(self) -> tuple[Message, ...]:
        """What in the outbox may not have been sent: the last of it."""
        return self.outbox[max(0, len(self.outbox) - self.said + self.sent) :]

    def due_at(self, now: datetime) -> datetime | None:
        """When time will ask something of a document that is written now."""
        seconds = RESEND_ANSWERS_SECONDS if self.outer else RESEND_SECONDS
        resend_at = now + timedelta(seconds=seconds) if self.is_unsent else None
        times = (self.try_at, self.deadline_at, self.watch_at, resend_at)
        return min(filter(None, times), default=None)
