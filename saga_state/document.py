"""The shapes of `sagas` and `events` in MongoDB: a documented contract, but for what is internal.

No personal data stands in `sagas`: ids, numbers, codes, times, and reasons as the steps word them.
Times are event times (UTC, whole milliseconds, as MongoDB keeps them).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from contracts.journey import JOURNEYS, Journeys

SCHEMA_VERSION = 1

Status = str
"""INITIATED, the status of each step's row in journey.py, then COMPLETED or one of UNHAPPY."""
UNHAPPY = ("FAILED", "COMPENSATING", "COMPENSATED")


def statuses(journeys: Journeys = JOURNEYS) -> tuple[Status, ...]:
    """Every status a saga can have."""
    steps = dict.fromkeys(row.status for journey in journeys.values() for row in journey.steps)
    return ("INITIATED", *steps, "COMPLETED", *UNHAPPY)


StepStatus = Literal[
    "waiting",
    "done",
    "rejected",
    "timed_out",
    "parked",
    "undoing",
    "undone",
    "undo_parked",
    "nothing_to_undo",
    "resolved_by_operator",
]


ParkedState = Literal["parked", "undo_parked"]
Asked = Literal["redrive", "resolve"]


class Fact(TypedDict):
    """Internal: what the projection keeps of one record, enough to tell the saga from."""

    type: str
    partition: int
    offset: int
    time: datetime
    event_id: str
    journey: str
    journey_version: int
    step: NotRequired[str | None]  # whom a failure, request or completion names
    by_itself: NotRequired[bool]  # whether the failed step said so itself
    code: NotRequired[str]
    reason: NotRequired[str]
    requested_by: NotRequired[str]
    names_journey: NotRequired[bool]  # of a request to undo: whether it said the journey
    outcome: NotRequired[str]
    parked: NotRequired[ParkedState]
    attempts: NotRequired[int]
    answer_within_seconds: NotRequired[float]
    result: NotRequired[dict[str, str]]
    partner_hash: NotRequired[str | None]


class Origin(TypedDict):
    """Internal: the record that tells whose saga it is: its start, else its earliest."""

    started: bool
    time: datetime
    type: str
    partition: int
    offset: int
    partner_id: str
    correlation_id: str
    journey: str


FactsByKind = Mapping[str, Mapping[str, Fact]]
"""By what is said (event name, and the step it names), then by identity."""


class Side(TypedDict):
    """Internal: what one tenant says of a saga."""

    origin: Origin
    facts: FactsByKind


Sides = Mapping[str, Side]
"""By tenant. A saga that was started has one."""


class Parked(TypedDict):
    """The last time that a step (or its undo) was set aside, and what a person asked then.

    `where`: the kind of error and its place. `asked` null: it waits for a person, unless the saga
    went on without one (its deadline, or an undo): the step's `state` tells.
    """

    state: ParkedState
    where: str
    attempts: int
    at: datetime
    asked: Asked | None
    asked_by: str | None
    asked_reason: str | None
    asked_at: datetime | None


class StepState(TypedDict):
    """A step of the saga. `result`: ids only. `event_id`: of what the step answered.

    `attempts`: those told with parkings, and the one that was answered.
    """

    step: str
    state: StepStatus
    attempts: int
    due_at: datetime | None
    result: dict[str, str] | None
    completed_at: datetime | None
    undone_at: datetime | None
    duration_ms: int | None
    event_id: str | None
    parked: Parked | None


class Failure(TypedDict):
    """The earliest "no" or timeout that was said."""

    step: str
    code: str
    reason: str
    at: datetime


class Compensation(TypedDict):
    """The earliest request to undo; `completed_at` while the status is COMPENSATED."""

    requested_by: str
    reason: str
    requested_at: datetime
    completed_at: datetime | None


class Saga(TypedDict):
    """A document of `saga_state.sagas`, as stored.

    `never_started`: no PartnerOnboardingInitiated was seen (yet). `late_undo`: something was to
    be undone after the first step had said it was (docs/protocol.md, V8). `half_undone`: the undo
    of a step is set aside, and what it did may be in force until a person acts (W1); its state is
    undo_parked, or undoing once it was redriven or resolved. `due_at`: when the answer of
    `current_step` is due. `event_count`: distinct events, of which at most 32 of one kind and step
    are counted. `sides` and `revision` are internal.
    """

    _id: str
    tenant_id: str
    partner_id: str
    partner_hash: str | None
    correlation_id: str
    journey: str
    journey_version: int
    status: Status
    current_step: str | None
    due_at: datetime | None
    steps: list[StepState]
    failure: Failure | None
    compensation: Compensation | None
    never_started: bool
    late_undo: bool
    half_undone: bool
    initiated_at: datetime | None
    updated_at: datetime
    ended_at: datetime | None
    duration_ms: int | None
    event_count: int
    schema_version: int
    sides: Sides
    revision: int


class StoredEvent(TypedDict):
    """A document of `saga_state.events`. `data`: as JSON text where BSON cannot hold it.

    `key`: text, or bytes that are not UTF-8. `digest` is internal: equal for equal bodies.
    """

    _id: str
    event_id: str
    saga_id: str
    tenant_id: str
    type: str
    version: int
    source: str
    time: datetime
    causation_id: str | None
    topic: str
    partition: int
    offset: int
    key: str | bytes | None
    data: dict[str, Any] | str
    recorded_at: datetime
    digest: str


def comparable(saga: Saga) -> dict[str, Any]:
    """The document without what depends on how it came about: two projections must agree on it."""
    return {name: value for name, value in saga.items() if name != "revision"}
