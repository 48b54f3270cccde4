"""To have a saga undone: whether it can be, and the request to all steps."""

import asyncio
from collections.abc import Sequence
from typing import Any

from contracts.journey import JOURNEYS
from saga_state.asking import Asking, undo_request
from saga_state.shown import stored_form
from saga_state.undo_plan import FLEET, OVER, UndoPlan, like_it, plan_hash, undo_plan
from services.gateway.answers import Compensate
from services.gateway.finding import MOST, Shown, several
from services.gateway.ground import Ground
from services.gateway.problems import Conflict, Unavailable, Unprocessable


def the_one_meant(sagas: Sequence[Shown]) -> Shown:
    """Of all that an id stands for the one that can be undone, else the newest. Conflict: several
    can."""
    able = [one for one in sagas if one["status"] not in OVER]
    if len(able) > 1 or (not able and len(sagas) >= MOST):
        raise several(able or sagas)
    return able[0] if able else sagas[0]


def the_one_to_undo(sagas: Sequence[Shown]) -> Shown:
    """The same, if it can be undone. Conflict: it cannot, or it is being undone and waits for a
    person already."""
    saga = the_one_meant(sagas)
    if saga["status"] in OVER:
        line = f"it is {saga['status']}: there is nothing to undo"
        raise Conflict("NOTHING_TO_UNDO", line, saga_id=saga["saga_id"])
    for step in (one["step"] for one in saga["steps"] if one["state"] == "undo_parked"):
        line = f"it is being undone, and the undo of {step} waits for a person"
        raise Conflict("UNDO_PARKED", line, saga_id=saga["saga_id"])
    return saga


def check_step(saga: Shown, step: str | None) -> None:
    """Unprocessable for a step that the saga's journey does not have."""
    journey = JOURNEYS.get((saga["journey"], saga["journey_version"]))
    names = journey.step_names if journey else ()
    if step is not None and step not in names:
        line = f"failed_step: it is one of {', '.join(names)}"
        raise Unprocessable("INVALID_REQUEST", line)


async def planned(on: Ground, saga: Shown, failed_step: str | None) -> UndoPlan:
    """What undoing it would do now."""
    stored = stored_form(saga)
    fleet = await on.sagas.listed(saga["tenant_id"], like_it(stored), FLEET)
    settings = on.settings
    return undo_plan(
        stored,
        fleet,
        failed_step,
        lambda row: settings.step_timeout(row.name, row.timeout_seconds),
        settings.undo_hours * 3600,
    )


def refuse_other_plan(saga: Shown, asked: Compensate) -> None:
    """Conflict if something was done or undone since the plan was made that was agreed to."""
    now = plan_hash(stored_form(saga), asked.failed_step)
    if asked.plan is not None and asked.plan != now:
        line = f"the plan is {now} now, not the one that was agreed to: look at undo-plan again"
        raise Conflict("OTHER_PLAN", line, saga_id=saga["saga_id"], plan=now)


async def request_undo(on: Ground, saga: Shown, asked: Compensate, by: str) -> dict[str, Any]:
    """Publish the request; returns when the broker has acknowledged it. Unavailable if it did not
    in time: to ask again is safe, undoing twice is undoing once."""
    asking, stored = Asking(by, asked.reason, "gateway"), stored_form(saga)
    message = undo_request(stored, asking, asked.failed_step, on.now(), on.settings.prefix)
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
