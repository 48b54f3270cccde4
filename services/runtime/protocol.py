"""The table of the protocol: what an event does to the step document of its saga.

Pure: document and event in, document and whether to speak out. The cells are those of
docs/protocol.md; this version has the row "do" for steps without an outside system.
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from contracts import poison
from contracts.envelope import Context, Event, Message
from contracts.journey import JOURNEYS, Journey, Journeys, Step
from contracts.poison import PoisonError
from services.runtime import saying
from services.runtime.document import Document, Refusal, State, Trigger
from services.runtime.step import Done, Effects, Rejected, StepService


@dataclass(frozen=True, slots=True)
class Part:
    """A step's part in the journeys: its decision, its rules, the time, the names around it.

    `seconds_for(row)` is how long that step has to answer.
    """

    service: StepService
    rules: BaseModel
    now: Callable[[], datetime]
    seconds_for: Callable[[Step], float]
    prefix: str = ""
    journeys: Journeys = field(default_factory=lambda: JOURNEYS)

    def journey_of(self, context: Context) -> Journey | None:
        """The journey of a saga, if this step has a part in it."""
        journey = self.journeys.get((context.journey, context.journey_version))
        return journey if journey and journey.step(self.service.name) else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an event leads to: the name of the cell, the document after it, whether to speak.

    The document is to be written if it is another object than before. To speak is to send its
    whole outbox (again).
    """

    cell: str
    document: Document | None
    speak: bool = False


def hear(document: Document | None, event: Event, part: Part, taken: str | None = None) -> Answer:
    """The cell of the table for this document and this event.

    `taken` names the key of `holds` that another living saga turned out to hold. Raises
    PoisonError for an event that contradicts what is recorded.
    """
    journey = part.journey_of(document.context if document else event.context)
    row = journey.step(part.service.name) if journey else None
    if journey is None or row is None or row.hears != event.name:
        return Answer("ignored", document)
    if document is None:
        return Answer("do, absent", _decide(event, journey, part, taken), speak=True)
    _check_identity(document, event)
    if document.state == "parked":
        return Answer("do, parked", document)
    return Answer(f"do, {document.state}", document, speak=True)


def _check_identity(document: Document, event: Event) -> None:
    if document.context.tenant_id != event.context.tenant_id:
        raise PoisonError(poison.TENANT_MISMATCH, "the saga belongs to another tenant")
    trigger = document.trigger
    same = (trigger.source, trigger.event_id) == (event.source, event.event_id)
    if same and trigger.digest != event.digest:
        text = "this source and id were heard before with another body"
        raise PoisonError(poison.ID_REUSED, text)


def _decide(event: Event, journey: Journey, part: Part, taken: str | None) -> Document:
    now = part.now()
    if taken is not None:
        return _rejected(event, journey, part, now, part.service.taken[taken])
    try:
        effects = Effects(now=now, context=event.context, rules=part.rules)
        outcome = part.service.handler(event.data, effects)
        if isinstance(outcome, Rejected):
            return _rejected(event, journey, part, now, outcome)
        return _done(event, journey, part, now, outcome)
    except Exception as error:  # a bug is set aside with its saga; nobody else waits for it
        return _parked(event, part, now, error)


def _done(event: Event, journey: Journey, part: Part, now: datetime, done: Done) -> Document:
    outbox = saying.progress(event, journey, part, now, done)
    return _document(event, "done", now, outbox, result=done.result, holds=done.holds)


def _rejected(event: Event, journey: Journey, part: Part, now: datetime, no: Rejected) -> Document:
    outbox = saying.failure(event, journey, part, now, no)
    return _document(event, "rejected", now, outbox, refusal=Refusal(no.code, no.reason))


def _parked(event: Event, part: Part, now: datetime, error: Exception) -> Document:
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
    outbox = (saying.set_aside(event, part, where),)
    return _document(event, "parked", now, outbox, refusal=Refusal(poison.BUG, where))


def _document(
    event: Event, state: State, now: datetime, outbox: tuple[Message, ...], **rest: Any
) -> Document:
    return Document(
        context=event.context,
        state=state,
        trigger=Trigger.of(event),
        decided_at=now,
        outbox=outbox,
        said=len(outbox),
        **rest,
    )
