"""What a person asks of a saga: that it be undone, or that an undo was done by hand."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from contracts.envelope import Context, Message, binary, source_of
from contracts.events import CompensationRequested, EventData
from contracts.operator import ResolveRequested
from contracts.topics import dead_letter_topic, event_topic
from saga_state.document import Saga

CODE = "REQUESTED"


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, why, and which way it came: `cli`, `gateway`."""

    by: str
    reason: str
    way: str


def undo_request(
    saga: Saga, asking: Asking, failed_step: str | None, now: datetime, prefix: str
) -> Message:
    """To all steps, under an id of its own: undo everything, or as if that step had failed."""
    asked = CompensationRequested(
        failed_step=failed_step, code=CODE, reason=asking.reason, requested_by=asking.by
    )
    topic = event_topic(CompensationRequested.__name__, prefix)
    return _message(saga, topic, asked, asking.way, now)


def resolve_request(saga: Saga, asking: Asking, step: str, now: datetime, prefix: str) -> Message:
    """To the step whose undo is parked, under an id of its own."""
    asked = ResolveRequested(step=step, reason=asking.reason, requested_by=asking.by)
    return _message(saga, dead_letter_topic(step, prefix), asked, asking.way, now)


def _message(saga: Saga, topic: str, asked: EventData, way: str, now: datetime) -> Message:
    context = Context(
        saga_id=saga["_id"],
        tenant_id=saga["tenant_id"],
        partner_id=saga["partner_id"],
        correlation_id=saga["correlation_id"],
        journey=saga["journey"],
        journey_version=saga["journey_version"],
    )
    return binary(topic, str(uuid4()), source_of(way), now, asked, context)
