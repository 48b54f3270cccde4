"""To have a saga undone: whether it can be, and the request to all steps."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from contracts.envelope import Context, Message, binary, source_of
from contracts.events import CompensationRequested
from contracts.topics import event_topic
from services.gateway.answers import Compensate
from services.gateway.finding import MOST, Shown, several
from services.gateway.ground import Ground
from services.gateway.problems import Conflict, Unavailable

OVER = ("FAILED", "COMPENSATED")
CODE = "REQUESTED"


def the_one_to_undo(sagas: Sequence[Shown]) -> Shown:
    """Of all that an id stands for the one that can be undone. Conflict: none can, several can, or
    it is being undone and waits for a person already."""
    able = [one for one in sagas if one["status"] not in OVER]
    if len(able) > 1 or (not able and len(sagas) >= MOST):
        raise several(able or sagas)
    if not able:
        saga = sagas[0]
        line = f"it is {saga['status']}: there is nothing to undo"
        raise Conflict("NOTHING_TO_UNDO", line, saga_id=saga["saga_id"])
    for step in (one["step"] for one in able[0]["steps"] if one["state"] == "undo_parked"):
        line = f"it is being undone, and the undo of {step} waits for a person"
        raise Conflict("UNDO_PARKED", line, saga_id=able[0]["saga_id"])
    return able[0]


async def request_undo(on: Ground, saga: Shown, asked: Compensate, by: str) -> dict[str, Any]:
    """Publish the request; returns when the broker has acknowledged it. Unavailable if it did not
    in time: to ask again is safe, undoing twice is undoing once."""
    message = _message(on, saga, asked, by)
    try:
        async with asyncio.timeout(on.settings.gateway_answer_seconds):
            await on.log.publish([message])
    except TimeoutError:
        line = "Kafka did not answer in time: unknown whether it will be undone; ask again"
        raise Unavailable(line) from None
    return {
        "saga_id": saga["saga_id"],
        "partner_id": saga["partner_id"],
        "status": saga["status"],
        "event_id": message.event_id,
    }


def _message(on: Ground, saga: Shown, asked: Compensate, by: str) -> Message:
    context = Context(
        saga_id=saga["saga_id"],
        tenant_id=saga["tenant_id"],
        partner_id=saga["partner_id"],
        correlation_id=saga["correlation_id"],
        journey=saga["journey"],
        journey_version=saga["journey_version"],
    )
    data = CompensationRequested(
        failed_step=asked.failed_step, code=CODE, reason=asked.reason, requested_by=by
    )
    topic = event_topic(CompensationRequested.__name__, on.settings.prefix)
    return binary(topic, str(uuid4()), source_of("gateway"), on.now(), data, context)
