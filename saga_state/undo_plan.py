"""What compensating a saga would do: step by step, in order, and how sure that is. Pure.

The plan rests on the saga's document alone; its hash stands for what it rests on, not for the time,
so that a person can agree to exactly this plan. What is done and undone in between is told by other
states, and so by another hash. Which step undoes when: docs/protocol.md, "undo, my turn" and "undo,
at or after".
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Literal, TypedDict

from contracts.journey import JOURNEYS, Journey, Journeys, Step
from saga_state.document import Saga, StepState
from saga_state.queries import Wanted
from saga_state.steps import milliseconds

Effect = Literal["reversed", "unknown", "by_hand", "undone", "nothing"]
"""`reversed`: it will be undone. `unknown`: nobody knows whether it happened; if it did, it will be
undone. `by_hand`: it cannot be undone until a person acts. `undone`: it is already. `nothing`: it
had no effect."""
Source = Literal["fleet", "this saga", "timeout"]
"""What an expected time is taken from: other sagas that were undone (their median), how long this
saga took to do it, or how long the step may take."""
FLEET = 100  # undone sagas that are looked at
OVER = ("FAILED", "COMPENSATED")


class PlannedUndo(TypedDict):
    """One step of the plan. `after`: whose CompensationCompleted it waits for; null: it undoes as
    soon as it hears the request. `undo`: its words in journey.py. `expected_ms` is null where there
    is nothing left to do."""

    step: str
    state: str
    after: str | None
    undo: str
    effect: Effect
    why: str
    result: dict[str, str] | None
    expected_ms: int | None
    expected_from: Source | None
    fleet_count: int


class UndoPlan(TypedDict):
    """`steps` in the order in which they undo. `refused`: why compensating would be refused, or
    null. `expected_ms`: of all of it. An undo that fails is tried for `gives_up_after_ms`; then it
    waits for a person."""

    saga_id: str
    tenant_id: str
    partner_id: str
    journey: str
    journey_version: int
    status: str
    failed_step: str | None
    hash: str
    refused: str | None
    steps: list[PlannedUndo]
    expected_ms: int
    gives_up_after_ms: int


def undo_plan(
    saga: Saga,
    fleet: Sequence[Saga] = (),
    failed_step: str | None = None,
    seconds_for: Callable[[Step], float] = lambda row: row.timeout_seconds,
    undo_seconds: float = 86_400.0,
    journeys: Journeys = JOURNEYS,
) -> UndoPlan:
    """What `compensate` would do to the saga; with `failed_step`, as if that step had failed.

    `fleet` are sagas that `like_it` wants; `seconds_for` and `undo_seconds` are settings.
    ValueError for a failed step that its journey does not have.
    """
    journey = journeys.get((saga["journey"], saga["journey_version"]))
    took = _undo_times(fleet)
    steps = [
        _planned(saga, journey, number, failed_step, took, seconds_for)
        for number in reversed(range(len(saga["steps"]) if journey else 0))
        if journey
    ]
    return {
        "saga_id": saga["_id"],
        "tenant_id": saga["tenant_id"],
        "partner_id": saga["partner_id"],
        "journey": saga["journey"],
        "journey_version": saga["journey_version"],
        "status": saga["status"],
        "failed_step": failed_step,
        "hash": plan_hash(saga, failed_step),
        "refused": _refused(saga, journey),
        "steps": steps,
        "expected_ms": _together(steps),
        "gives_up_after_ms": round(undo_seconds * 1000),
    }


def plan_hash(saga: Saga, failed_step: str | None = None) -> str:
    """The same for the same facts; another once a step did, undid or was set aside."""
    steps = [[step["step"], step["state"], step["result"]] for step in saga["steps"]]
    facts = [saga["_id"], saga["journey_version"], saga["status"], failed_step, steps]
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def like_it(saga: Saga) -> Wanted:
    """Which sagas of its tenant tell how long undoing takes: the latest FLEET of these."""
    return Wanted(status="COMPENSATED", journey=saga["journey"])


def _planned(
    saga: Saga,
    journey: Journey,
    number: int,
    failed_step: str | None,
    took: Mapping[str, Sequence[int]],
    seconds_for: Callable[[Step], float],
) -> PlannedUndo:
    step, row = saga["steps"][number], journey.steps[number]
    effect, why = _effect_of(saga, number)
    times = took.get(step["step"], ())
    expected: tuple[int | None, Source | None] = None, None
    if effect in ("reversed", "unknown"):
        expected = _expected(step, times, seconds_for(row))
    return {
        "step": step["step"],
        "state": step["state"],
        "after": _waits_for(journey, number, failed_step),
        "undo": row.undo,
        "effect": effect,
        "why": why,
        "result": step["result"],
        "expected_ms": expected[0],
        "expected_from": expected[1],
        "fleet_count": len(times),
    }


def _effect_of(saga: Saga, number: int) -> tuple[Effect, str]:
    step = saga["steps"][number]
    if step["state"] != "waiting":
        return _EFFECTS[step["state"]]
    if _was_asked(saga, number):
        return "unknown", "it was asked and has not answered"
    if saga["compensation"] is None and saga["failure"] is None:  # who comes first is undone too
        return "nothing", "not asked yet; undone too, if it is before it hears the request"
    return "nothing", "the saga did not come to it"


def _was_asked(saga: Saga, number: int) -> bool:
    if not number:
        return not saga["never_started"]
    return saga["steps"][number - 1]["completed_at"] is not None


def _waits_for(journey: Journey, number: int, failed_step: str | None) -> str | None:
    names = journey.step_names
    reach = len(names) if failed_step is None else names.index(failed_step)
    return names[number + 1] if number + 1 < reach else None


def _expected(step: StepState, times: Sequence[int], seconds: float) -> tuple[int, Source]:
    if times:
        return round(median(times)), "fleet"
    if step["duration_ms"] is not None:
        return step["duration_ms"], "this saga"
    return round(seconds * 1000), "timeout"


def _together(steps: Sequence[PlannedUndo]) -> int:
    """Those that wait for each other take the sum of their times; the others go on beside them."""
    longest, chain = 0, 0
    for step in steps:
        chain = (step["expected_ms"] or 0) + (chain if step["after"] is not None else 0)
        longest = max(longest, chain)
    return longest


def _undo_times(fleet: Sequence[Saga]) -> dict[str, list[int]]:
    """By step how long each of these sagas took to undo it, from the moment it was its turn."""
    took: dict[str, list[int]] = {}
    for saga in fleet:
        asked = saga["compensation"]
        turn = asked["requested_at"] if asked else None
        for step in reversed(saga["steps"]):
            time = milliseconds(turn, step["undone_at"])
            if time is not None and step["state"] == "undone":
                took.setdefault(step["step"], []).append(time)
            turn = step["undone_at"] or turn
    return took


def _refused(saga: Saga, journey: Journey | None) -> str | None:
    if journey is None:
        return f"the journey {saga['journey']}/{saga['journey_version']} is not known here"
    if saga["status"] in OVER:
        return f"it is {saga['status']}: there is nothing to undo"
    parked = next((one["step"] for one in saga["steps"] if one["state"] == "undo_parked"), None)
    return f"the undo of {parked} is parked: it waits for a person" if parked else None


_EFFECTS: Mapping[str, tuple[Effect, str]] = {
    "done": ("reversed", "it is done"),
    "rejected": ("nothing", "it said no"),
    "timed_out": ("unknown", "it was too late: it may have happened"),
    "parked": ("unknown", "it met a bug: it may have happened"),
    "undoing": ("reversed", "it is being undone"),
    "undone": ("undone", "it is undone"),
    "undo_parked": ("by_hand", "its undo is parked"),
    "nothing_to_undo": ("nothing", "it said so"),
    "resolved_by_operator": ("undone", "a person undid it"),
}
