"""A saga at moments of its life: before and after each event, and what differs between two."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from contracts.journey import JOURNEYS, Journeys
from saga_state.document import Saga, StoredEvent
from saga_state.state import as_known

_FIELDS = (
    "status",
    "current_step",
    "due_at",
    "failure",
    "compensation",
    "never_started",
    "late_undo",
    "half_undone",
    "initiated_at",
    "ended_at",
)
_OF_STEPS = ("state", "attempts", "due_at", "result", "completed_at", "undone_at", "parked")
_NOT_YET = (None, False, 0, "waiting")  # what a saga reads of which nothing was said


@dataclass(frozen=True, slots=True)
class Moment:
    """An event, and the saga before and after it; None: nothing that counts was said."""

    event: StoredEvent
    before: Saga | None
    after: Saga | None


class Change(TypedDict):
    """A field with two values. Of steps it is `documents.state`; null: there was none yet."""

    field: str
    before: Any
    after: Any


def moments(
    saga: Saga, events: Iterable[StoredEvent], journeys: Journeys = JOURNEYS
) -> Iterator[Moment]:
    """The saga before and after each of its events, heard in the order given."""
    known: set[str] = set()
    before: Saga | None = None
    for event in events:
        known.add(event["_id"])
        after = as_known(saga, known, journeys)
        yield Moment(event, before, after)
        before = after


def changes(before: Saga | None, after: Saga | None) -> list[Change]:
    """What differs of how two documents of a saga stand; in the order of the document."""
    old, new = _flat(before), _flat(after)
    found = ((name, old.get(name), new.get(name)) for name in {**old, **new})
    return [
        {"field": name, "before": was, "after": is_}
        for name, was, is_ in found
        if was != is_ and not (was is None and is_ in _NOT_YET)
    ]


def first_event_at(saga: Saga) -> datetime:
    """The time of the earliest event that is known of it."""
    facts = (
        of_kind.values() for side in saga["sides"].values() for of_kind in side["facts"].values()
    )
    return min(fact["time"] for of_kind in facts for fact in of_kind)


def _flat(saga: Saga | None) -> dict[str, Any]:
    if saga is None:
        return {}
    document: Mapping[str, Any] = saga
    steps: Iterable[Mapping[str, Any]] = saga["steps"]
    of_steps = {f"{step['step']}.{name}": step[name] for step in steps for name in _OF_STEPS}
    return {**{name: document[name] for name in _FIELDS}, **of_steps}
