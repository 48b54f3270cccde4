"""The step document: all that a step knows of one saga, as one frozen value.

It is the inbox (one document per saga, so a repeated event finds its answer), the outbox (what
is still to be said) and the fence (every write is guarded on the revision it was decided from).
How it looks in MongoDB is documented in contracts/step_document.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from contracts.envelope import Context, Event, Message

State = Literal["done", "rejected", "parked"]


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

    @classmethod
    def of(cls, event: Event) -> "Trigger":
        record = event.record
        position = Position(record.topic, record.partition, record.offset)
        return cls(event.event_id, event.source, event.name, event.digest, position, event.time)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the answer was no, or what set the saga aside."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Document:
    """One saga, seen by one step.

    `revision` counts the writes; 0 is a document that is not stored yet. `outbox` holds what was
    said, in the order in which it is sent; `said` counts all that was ever put into it.
    """

    context: Context
    state: State
    trigger: Trigger
    decided_at: datetime
    result: Mapping[str, Any] | None = None
    refusal: Refusal | None = None
    holds: Mapping[str, str] = field(default_factory=dict)
    outbox: tuple[Message, ...] = ()
    said: int = 0
    attempts: int = 1
    revision: int = 0
