"""Hypothesis strategies: sagas as they go, and whatever else could stand on the topics."""

from typing import Any

from hypothesis import strategies as st
from saga_given import Voices

from contracts.envelope import Event

JOURNEYS = ("partner-onboarding", "partner-creation")
OUTCOMES = ("undone", "nothing_to_undo", "resolved_by_operator")
seconds = st.integers(0, 6)


@st.composite
def proper(draw: st.DrawFn) -> list[Event]:
    """A saga as the services tell it: completed, failed at any step, undone by a person."""
    v = Voices(draw(st.sampled_from(JOURNEYS)))
    how = draw(st.sampled_from([None, *v.steps, "offboarded", "parked", "half undone"]))
    if how in v.steps:
        return v.undone_from(str(how))
    if how is None:
        return v.whole_way()
    if how == "parked":
        parked = [
            v.parked("contract", 2),
            v.redriven("contract", 3),
            v.parked("contract", 4, number=2),
        ]
        return [v.start(), v.did("registration", 1), *parked, v.redriven("contract", 5)]
    if how == "half undone":
        parked = [v.parked("contract", 80, "undo_parked"), v.resolved("contract", 90)]
        return [*v.whole_way(), v.asked(None, 60), *parked, v.undid("registration", 75)]
    undone = [v.undid(step, 70 + n) for n, step in enumerate(reversed(v.steps))]
    return [*v.whole_way(), v.asked(None, 60), v.asked(None, 61, by="ops-2"), *undone]


@st.composite
def forged(draw: st.DrawFn) -> list[Event]:
    """Anything readable that names the same saga, with few times, ids and tenants, so they clash."""
    v = Voices(draw(st.sampled_from(JOURNEYS)))
    events = draw(st.lists(_one(v), min_size=1, max_size=9, unique_by=_place))
    return [*events, v.start(draw(seconds))] if draw(st.booleans()) else events


def _place(event: Event) -> tuple[str, int, int]:
    """One place of the log has one record."""
    return event.record.topic, event.record.partition, event.record.offset


@st.composite
def _one(draw: st.DrawFn, v: Voices) -> Event:
    step = draw(st.sampled_from(("registration", "contract", *v.steps)))
    by = draw(st.sampled_from((step, "registration", "ops-1")))
    code = draw(st.sampled_from(("NO", "TIMEOUT")))
    when, changes = draw(seconds), draw(_changes())
    match draw(st.integers(0, 9)):
        case 7:
            state = draw(st.sampled_from(("parked", "undo_parked")))
            number = draw(st.integers(0, 1))
            return v.parked(step, when, state, number=number, **_placed(draw, changes))
        case 8:
            return v.redriven(step, when, **_placed(draw, changes))
        case 9:
            return v.resolved(step, when, **_placed(draw, changes))
        case 0:
            return v.start(
                when,
                email=draw(st.sampled_from(["a@b.com", None, "no"])),
                partition=draw(st.integers(0, 2)),
            )
        case 1 | 2:
            return v.did(step, when, **changes)
        case 3:
            return v.completed(when, **changes)
        case 4:
            before = v.steps[max(0, v.steps.index(step) - 1)]
            return v.failed(step, when, code, draw(st.sampled_from((step, before))), **changes)
        case 5:
            return v.asked(draw(st.sampled_from((step, None))), when, by, code, **changes)
    return v.undid(step, when, draw(st.sampled_from(OUTCOMES)), **changes)


def _placed(draw: st.DrawFn, changes: dict[str, Any]) -> dict[str, Any]:
    """At an offset before or after: on one partition the log tells what came first."""
    return {**changes, "offset": draw(st.integers(0, 9))}


@st.composite
def _changes(draw: st.DrawFn) -> dict[str, Any]:
    changes: dict[str, Any] = {"partition": draw(st.integers(0, 2))}
    if draw(st.booleans()):
        changes["event_id"] = "a"  # of each source one: what it says clashes
    if draw(st.integers(0, 2)) == 0:
        changes["context"] = {
            "tenant_id": draw(st.sampled_from(["default", "evil", "x.y"])),
            "partner_id": draw(st.sampled_from("pq")),
            "correlation_id": draw(st.sampled_from("cd")),
            "journey": "partner-onboarding",  # has every step, so that it is readable
        }
    return changes
