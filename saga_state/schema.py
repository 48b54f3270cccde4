"""The JSON Schemas with which MongoDB checks what is written into `sagas` and `events`.

They are for whoever else writes there, and for the promise to those who read: evolve makes
nothing that they refuse (a test). Fields may be added; none is taken away or changes its meaning.
"""

from collections.abc import Mapping
from typing import Any, get_args

from saga_state.document import (
    Asked,
    Compensation,
    Failure,
    Parked,
    ParkedState,
    Saga,
    StepState,
    StepStatus,
    StoredEvent,
    statuses,
)

Schema = Mapping[str, Any]
_TEXT = {"bsonType": "string"}
_NUMBER = {"bsonType": ["int", "long"], "minimum": 0}
_FLAG = {"bsonType": "bool"}
_TIME = {"bsonType": "date"}
_NULL = {"bsonType": "null"}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, _NULL]}


def _object(shape: type, fields: Mapping[str, Schema]) -> Schema:
    """An object with all the fields of a TypedDict; more may be there."""
    if set(fields) != set(shape.__annotations__):
        raise TypeError(f"the schema and {shape.__name__} differ")
    return {"bsonType": "object", "required": sorted(fields), "properties": dict(fields)}


_PARKED = _object(
    Parked,
    {
        "state": {"enum": list(get_args(ParkedState))},
        "where": _TEXT,
        "attempts": _NUMBER,
        "at": _TIME,
        "asked": {"enum": [*get_args(Asked), None]},
        "asked_by": _or_null(_TEXT),
        "asked_reason": _or_null(_TEXT),
        "asked_at": _or_null(_TIME),
    },
)
_STEP = _object(
    StepState,
    {
        "step": _TEXT,
        "state": {"enum": list(get_args(StepStatus))},
        "attempts": _NUMBER,
        "due_at": _or_null(_TIME),
        "result": _or_null({"bsonType": "object", "additionalProperties": _TEXT}),
        "completed_at": _or_null(_TIME),
        "undone_at": _or_null(_TIME),
        "duration_ms": _or_null(_NUMBER),
        "event_id": _or_null(_TEXT),
        "parked": _or_null(_PARKED),
    },
)
_FAILURE = _object(Failure, {"step": _TEXT, "code": _TEXT, "reason": _TEXT, "at": _TIME})
_COMPENSATION = _object(
    Compensation,
    {
        "requested_by": _TEXT,
        "reason": _TEXT,
        "requested_at": _TIME,
        "completed_at": _or_null(_TIME),
    },
)
SAGA = _object(
    Saga,
    {
        "_id": _TEXT,
        "tenant_id": _TEXT,
        "partner_id": _TEXT,
        "partner_hash": _or_null(_TEXT),
        "correlation_id": _TEXT,
        "journey": _TEXT,
        "journey_version": _NUMBER,
        "status": {"enum": list(statuses())},
        "current_step": _or_null(_TEXT),
        "due_at": _or_null(_TIME),
        "steps": {"bsonType": "array", "items": _STEP},
        "failure": _or_null(_FAILURE),
        "compensation": _or_null(_COMPENSATION),
        "never_started": _FLAG,
        "late_undo": _FLAG,
        "half_undone": _FLAG,
        "initiated_at": _or_null(_TIME),
        "updated_at": _TIME,
        "ended_at": _or_null(_TIME),
        "duration_ms": _or_null(_NUMBER),
        "event_count": _NUMBER,
        "schema_version": _NUMBER,
        "sides": {"bsonType": "object"},
        "revision": _NUMBER,
    },
)
EVENT = _object(
    StoredEvent,
    {
        "_id": _TEXT,
        "event_id": _TEXT,
        "saga_id": _TEXT,
        "tenant_id": _TEXT,
        "type": _TEXT,
        "version": _NUMBER,
        "source": _TEXT,
        "time": _TIME,
        "causation_id": _or_null(_TEXT),
        "topic": _TEXT,
        "partition": _NUMBER,
        "offset": _NUMBER,
        "key": {"bsonType": ["string", "binData", "null"]},
        "data": {"bsonType": ["object", "string"]},
        "recorded_at": _TIME,
        "digest": _TEXT,
    },
)
