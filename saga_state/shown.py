"""Sagas and their events as JSON for programs: the documented fields, without internal ones."""

from typing import Any

from saga_state.document import Saga, StoredEvent

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


def event_json(event: StoredEvent, with_data: bool) -> dict[str, Any]:
    """The document of `saga_state.events`; `data` may be personal, so it is asked for."""
    told = {name: value for name, value in event.items() if name not in _INTERNAL_OF_EVENT}
    return {**told, "data": event["data"]} if with_data else told
