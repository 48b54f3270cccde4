"""What a step says: the messages of an outbox, with deterministic ids, in sending order."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from contracts import ids, poison
from contracts.envelope import (
    Context,
    Event,
    Headers,
    Message,
    Record,
    binary,
    source_of,
    time_text,
)
from contracts.events import (
    CompensationCompleted,
    CompensationRequested,
    EventData,
    PartnerOnboardingCompleted,
    PartnerOnboardingFailed,
    UndoOutcome,
)
from contracts.journey import Journey
from contracts.operator import StepParked
from contracts.poison import PoisonError
from contracts.topics import dead_letter_topic, event_topic
from services.runtime.dead_letters import dead_letter
from services.runtime.document import Document
from services.runtime.part import Part
from services.runtime.step import Done, Rejected

TIMEOUT = "TIMEOUT"


@dataclass(frozen=True, slots=True)
class Voice:
    """Who says it, of which saga, why and when. `caused_by`: an event id; None: nobody knows."""

    part: Part
    context: Context
    now: datetime
    caused_by: str | None = None
    traceparent: str | None = None

    @classmethod
    def hearing(cls, event: Event, context: Context, part: Part, now: datetime) -> "Voice":
        """In answer to an event."""
        return cls(part, context, now, event.event_id, event.traceparent)

    @classmethod
    def about(cls, document: Document, part: Part, now: datetime) -> "Voice":
        """On account of what was heard long ago: a deadline, a watch, the answer of a call."""
        caused_by = document.trigger.event_id if document.trigger else None
        return cls(part, document.context, now, caused_by, document.traceparent)


def progress(voice: Voice, journey: Journey, done: Done) -> tuple[Message, ...]:
    """The step's own event; of the last step PartnerOnboardingCompleted before it (V8)."""
    step, after = voice.part.name, journey.after(voice.part.name)
    seconds = voice.part.seconds_for(after) if after else None
    own = _own(voice, done.says.model_copy(update={"answer_within_seconds": seconds}))
    if after:
        return (own,)
    partner = voice.context.partner_id
    return (_own(voice, PartnerOnboardingCompleted(partner_id=partner, last_step=step)), own)


def failure(voice: Voice, journey: Journey, no: Rejected) -> tuple[Message, ...]:
    """PartnerOnboardingFailed of the step itself; before it the request to undo, if a step comes
    before (in every outbox R comes before F)."""
    return _failed(voice, voice.part.name, no, asks=journey.before(voice.part.name) is not None)


def timed_out(voice: Voice, journey: Journey) -> tuple[Message, ...]:
    """The step's own deadline has passed."""
    text = f"The step {voice.part.name} did not end in its time."
    return failure(voice, journey, Rejected(TIMEOUT, text))


def spoken_for(voice: Voice, silent: str) -> tuple[Message, ...]:
    """The step after it is silent: it says so in its place."""
    text = f"The step {silent} did not answer in its time."
    return _failed(voice, silent, Rejected(TIMEOUT, text), asks=True)


def undone(voice: Voice, outcome: UndoOutcome) -> Message:
    """CompensationCompleted: the step before may undo now."""
    return _own(voice, CompensationCompleted(step=voice.part.name, outcome=outcome))


def set_aside(record: Record, part: Part, where: str, attempts: int = 1) -> Message:
    """The dead letter of a saga that met a bug."""
    return dead_letter(record, part.name, PoisonError(poison.BUG, where), part.prefix, attempts)


def parked(
    voice: Voice, one: Document, state: Literal["parked", "undo_parked"], where: str
) -> Message:
    """StepParked, on the step's own dead letter topic: it waits for a person."""
    part, saga = voice.part, voice.context.saga_id
    data = StepParked(step=part.name, state=state, where=where, attempts=one.attempts)
    event_id = ids.parked_id(saga, type(data).__name__, part.name, one.said)
    return _message(voice, event_id, data, dead_letter_topic(part.name, part.prefix))


def said_now(messages: tuple[Message, ...], now: datetime) -> tuple[Message, ...]:
    """What was prepared before a call, with the time of its answer."""
    stamp = time_text(now).encode()
    return tuple(replace(one, headers=_stamped(one.headers, stamp)) for one in messages)


def _stamped(headers: Headers, stamp: bytes) -> Headers:
    return tuple((name, stamp if name == "ce_time" else text) for name, text in headers)


def without_progress(one: Document, part: Part) -> tuple[Message, ...]:
    """Only what was said of failing and undoing: it names no partner. What stands on the dead
    letter topic stays if it may be unsent: it is the only word of a bug."""
    kept = (PartnerOnboardingFailed, CompensationRequested, CompensationCompleted)
    topics = {event_topic(model.__name__, part.prefix) for model in kept}
    letters = dead_letter_topic(part.name, part.prefix)
    return tuple(
        message
        for message in one.outbox
        if message.topic in topics or (message.topic == letters and message in one.unsent)
    )


def _failed(voice: Voice, step: str, no: Rejected, asks: bool) -> tuple[Message, ...]:
    sayer, saga = voice.part.name, voice.context.saga_id
    failed = PartnerOnboardingFailed(failed_step=step, code=no.code, reason=no.reason)
    requested = CompensationRequested(
        failed_step=step, code=no.code, reason=no.reason, requested_by=source_of(sayer)
    )
    data: tuple[EventData, ...] = (requested, failed) if asks else (failed,)
    return tuple(
        _message(voice, ids.failure_id(saga, type(one).__name__, step, sayer), one) for one in data
    )


def _own(voice: Voice, data: EventData) -> Message:
    saga, name = voice.context.saga_id, type(data).__name__
    return _message(voice, ids.said_id(saga, name, voice.part.name), data)


def _message(voice: Voice, event_id: str, data: EventData, topic: str | None = None) -> Message:
    return binary(
        topic=topic or event_topic(type(data).__name__, voice.part.prefix),
        event_id=event_id,
        source=source_of(voice.part.name),
        time=voice.now,
        data=data,
        context=voice.context,
        causation_id=voice.caused_by,
        traceparent=voice.traceparent,
    )
