"""What a step says: the messages of an outbox, with deterministic ids, in sending order."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from contracts import ids, poison
from contracts.envelope import Event, Message, binary, source_of
from contracts.events import (
    CompensationRequested,
    EventData,
    PartnerOnboardingCompleted,
    PartnerOnboardingFailed,
)
from contracts.journey import Journey
from contracts.poison import PoisonError
from contracts.topics import event_topic
from services.runtime.dead_letters import dead_letter
from services.runtime.step import Done, Rejected

if TYPE_CHECKING:
    from services.runtime.protocol import Part


def progress(
    event: Event, journey: Journey, part: Part, now: datetime, done: Done
) -> tuple[Message, ...]:
    """The step's own event; of the last step PartnerOnboardingCompleted before it (V8)."""
    step = part.service.name
    after = journey.after(step)
    seconds = part.seconds_for(after) if after else None
    said = done.says.model_copy(update={"answer_within_seconds": seconds})
    own = _message(event, part, now, ids.said_id(_saga(event), type(said).__name__, step), said)
    if after:
        return (own,)
    completed = PartnerOnboardingCompleted(partner_id=event.context.partner_id, last_step=step)
    completed_id = ids.said_id(_saga(event), type(completed).__name__, step)
    return (_message(event, part, now, completed_id, completed), own)


def failure(
    event: Event, journey: Journey, part: Part, now: datetime, no: Rejected
) -> tuple[Message, ...]:
    """PartnerOnboardingFailed; before it CompensationRequested, if a step comes before."""
    step = part.service.name
    failed = PartnerOnboardingFailed(failed_step=step, code=no.code, reason=no.reason)
    requested = CompensationRequested(
        failed_step=step, code=no.code, reason=no.reason, requested_by=source_of(step)
    )
    data: tuple[EventData, ...] = (requested, failed) if journey.before(step) else (failed,)
    return tuple(
        _message(event, part, now, ids.failure_id(_saga(event), type(d).__name__, step, step), d)
        for d in data
    )


def set_aside(event: Event, part: Part, where: str) -> Message:
    """The dead letter of a saga that met a bug."""
    bug = PoisonError(poison.BUG, where)
    return dead_letter(event.record, part.service.name, bug, part.prefix)


def _saga(event: Event) -> str:
    return event.context.saga_id


def _message(event: Event, part: Part, now: datetime, event_id: str, data: EventData) -> Message:
    return binary(
        topic=event_topic(type(data).__name__, part.prefix),
        event_id=event_id,
        source=source_of(part.service.name),
        time=now,
        data=data,
        context=event.context,
        causation_id=event.event_id,
        traceparent=event.traceparent,
    )
