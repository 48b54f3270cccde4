"""Sagas and their events as they are shown.

To programs the documented fields as JSON, without internal ones; to people what a step's state
means in its saga.
"""

from collections.abc import Mapping
from typing import Any, cast

from saga_state.document import Saga, StepState, StoredEvent

INTERNAL = ("sides", "revision")  # of a saga; whoever only shows it need not read them
_DOCUMENTED = (
    "tenant_id",
    "partner_id",
    "partner_hash",
    "correlation_id",
    "journey",
    "journey_version",
    "status",
    "current_step",
    "due_at",
    "steps",
    "failure",
    "compensation",
    "never_started",
    "late_undo",
    "half_undone",
    "initiated_at",
    "updated_at",
    "ended_at",
    "duration_ms",
    "event_count",
    "schema_version",
)
_INTERNAL_OF_EVENT = frozenset({"_id", "digest", "data"})


def saga_json(saga: Saga) -> dict[str, Any]:
    """The document of `saga_state.sagas`; its `_id` is called `saga_id`."""
    stored: dict[str, Any] = dict(saga)
    return {"saga_id": stored["_id"], **{name: stored.get(name) for name in _DOCUMENTED}}


def stored_form(shown: Mapping[str, Any]) -> Saga:
    """The other way round: what is told of a saga, without what is internal."""
    return cast(Saga, {"_id": shown["saga_id"], **shown})


def event_json(event: StoredEvent, with_data: bool) -> dict[str, Any]:
    """The document of `saga_state.events`; `data` may be personal, so it is asked for."""
    told = {name: value for name, value in event.items() if name not in _INTERNAL_OF_EVENT}
    return {**told, "data": event["data"]} if with_data else told


def shown_state(saga: Saga, step: StepState) -> str:
    """A step that waits is one whose turn it is, or was; none does in a saga that has ended, or is
    being undone."""
    if step["state"] != "waiting":
        return step["state"]
    if saga["ended_at"] is not None or saga["status"] == "COMPENSATING":
        return "not reached"
    names, now = [one["step"] for one in saga["steps"]], saga["current_step"]
    is_ahead = now in names and names.index(step["step"]) > names.index(now)
    return "to come" if is_ahead else "waiting"
