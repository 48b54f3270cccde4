"""`evolve`: a saga's document from its events. Pure, total, and the same in any order.

The document keeps a fact of every event (merging.py); all else in it is told anew from these.
So a projection is a fold that several workers may share, and a saga can be shown as it was.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from contracts.envelope import Event
from contracts.journey import JOURNEYS, Journeys
from saga_state.document import (
    SCHEMA_VERSION,
    Compensation,
    Fact,
    Failure,
    Saga,
    Side,
    Sides,
    Status,
)
from saga_state.facts import HashOf
from saga_state.merging import first_side, identity_in, merged
from saga_state.notes import Note, note_of
from saga_state.said import Said, said_in
from saga_state.status import current_step_of, ended_at_of, is_late_undo, status_of
from saga_state.steps import milliseconds, steps_of

Keep = Callable[[str, Fact], bool]  # of a fact and the key it is kept under


def evolve(saga: Saga | None, event: Event, hash_of: HashOf, journeys: Journeys = JOURNEYS) -> Saga:
    """The saga after one more of its events; the same object if the event says nothing new.

    `hash_of` is `partner_hash` with its key. `saga` must be None or that of the event's saga id.
    """
    return fold(saga, [event], hash_of, journeys)


def fold(
    saga: Saga | None, events: Iterable[Event], hash_of: HashOf, journeys: Journeys = JOURNEYS
) -> Saga:
    """The saga after all these events of it (at least one); cheaper than one by one."""
    return fold_notes(saga, (note_of(event, hash_of) for event in events), journeys)


def fold_notes(saga: Saga | None, notes: Iterable[Note], journeys: Journeys = JOURNEYS) -> Saga:
    """The same of what was noted of its events."""
    before: Sides = saga["sides"] if saga else {}
    sides, saga_id = before, saga["_id"] if saga else ""
    for note in notes:
        sides, saga_id = merged(sides, note), note["saga_id"]
    if saga is not None and sides is before:
        return saga
    return _told(saga_id, saga["revision"] if saga else 0, sides, journeys)


def as_of(saga: Saga, time: datetime, journeys: Journeys = JOURNEYS) -> Saga | None:
    """The saga as it stood at that time, by the times of its events; None: nothing was said yet."""
    return _told_of(saga, lambda _, fact: fact["time"] <= time, journeys)


def as_known(saga: Saga, identities: Collection[str], journeys: Journeys = JOURNEYS) -> Saga | None:
    """The saga told from these of its events alone (`_id` of saga_state.events); None: of none."""
    return _told_of(saga, lambda key, _: identity_in(key) in identities, journeys)


def _told_of(saga: Saga, keep: Keep, journeys: Journeys) -> Saga | None:
    sides = {tenant: _only(side, keep) for tenant, side in saga["sides"].items()}
    known = {tenant: side for tenant, side in sides.items() if side["facts"]}
    return _told(saga["_id"], saga["revision"], known, journeys) if known else None


def _only(side: Side, keep: Keep) -> Side:
    facts = {
        kind: {key: fact for key, fact in of_kind.items() if keep(key, fact)}
        for kind, of_kind in side["facts"].items()
    }
    return {**side, "facts": {kind: of_kind for kind, of_kind in facts.items() if of_kind}}


def _told(saga_id: str, revision: int, sides: Sides, journeys: Journeys) -> Saga:
    tenant_id, side = first_side(sides)
    said, origin = said_in(side, journeys), side["origin"]
    status, steps = status_of(said), steps_of(said)
    current_step, ended_at = current_step_of(said, status), ended_at_of(said, status)
    initiated_at = said.start["time"] if said.start else None
    due = {step["step"]: step["due_at"] for step in steps if status != "COMPENSATING"}
    return {
        "_id": saga_id,
        "tenant_id": tenant_id,
        "partner_id": origin["partner_id"],
        "partner_hash": said.start.get("partner_hash") if said.start else None,
        "correlation_id": origin["correlation_id"],
        "journey": said.journey.name,
        "journey_version": said.journey.version,
        "status": status,
        "current_step": current_step,
        "due_at": due.get(current_step) if current_step else None,
        "steps": steps,
        "failure": _failure(said),
        "compensation": _compensation(said, status, ended_at),
        "never_started": said.start is None,
        "late_undo": is_late_undo(said),
        "half_undone": bool(said.half_undone),
        "initiated_at": initiated_at,
        "updated_at": said.all[-1]["time"],
        "ended_at": ended_at,
        "duration_ms": milliseconds(initiated_at, ended_at),
        "event_count": len(said.all),
        "schema_version": SCHEMA_VERSION,
        "sides": sides,
        "revision": revision,
    }


def _failure(said: Said) -> Failure | None:
    """The earliest failure; if none was heard, what a step's request to undo tells of it (V5)."""
    told = [*said.failures, *(fact for fact in said.requests if fact["step"] is not None)]
    if not told or told[0]["step"] is None:
        return None
    fact, step = told[0], told[0]["step"]
    return {"step": step, "code": fact["code"], "reason": fact["reason"], "at": fact["time"]}


def _compensation(said: Said, status: Status, ended_at: datetime | None) -> Compensation | None:
    if not said.requests:
        return None
    first = said.requests[0]
    return {
        "requested_by": first["requested_by"],
        "reason": first["reason"],
        "requested_at": first["time"],
        "completed_at": ended_at if status == "COMPENSATED" else None,
    }
