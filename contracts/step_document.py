"""The step document as it stands in MongoDB: `<prefix>onboarding_<step>.steps`, one per saga.

Diagnosis (`why`, health, the sandbox) may read these fields, and only read them: this is the one
exception to "no service reads another's database". Everything else in a document is the
step's own. Times are UTC with milliseconds. Of the fields that need not be there, one that is
absent or null says the same as false or empty.
"""

from datetime import datetime
from typing import Literal, NotRequired

from typing_extensions import TypedDict  # before Python 3.12 the only one that pydantic reads

StepState = Literal[
    "pending", "done", "rejected", "undoing", "undone", "blocked", "parked", "undo_parked"
]
"""`pending`: taken, and not done yet. `blocked`: the undo came first, a later do is refused.
`parked`, `undo_parked`: set aside for a person. A saga without a document here is unknown here."""


class LogPosition(TypedDict):
    """Where a record stands in the log."""

    topic: str
    partition: int
    offset: int


class StepTrigger(TypedDict):
    """The event the step answered; (source, event_id) is its identity, `digest` its body's."""

    event_id: str
    source: str
    name: str
    digest: str
    position: LogPosition
    time: datetime
    traceparent: str | None


class StepRefusal(TypedDict):
    """Why the answer was no (its code is published), or what set the saga aside (BUG)."""

    code: str
    reason: str


class SaidMessage(TypedDict):
    """A message as it was first said: it is sent again byte for byte, never made anew. Where traces
    are on, what is sent names the span of its sending as `traceparent`, beneath the one here.

    `key`, `value` and header values are text where they are UTF-8, else binary. A header is an
    array of its name and its value.
    """

    event_id: str
    topic: str
    key: str | bytes | None
    value: str | bytes | None
    headers: list[list[str | bytes | None]]


class KeptRecord(TypedDict):
    """The record of a step that met a bug before it had a plan, so that it can be tried again."""

    topic: str
    partition: int
    offset: int
    key: str | bytes | None
    value: str | bytes | None
    headers: list[list[str | bytes | None]]
    timestamp_ms: int


class StepDocument(TypedDict):
    """The document; `_id` is the saga id.

    `revision` counts the writes and guards the next one. `outbox` is in sending order; `said`
    counts all that was ever put into it, `sent` how much of that is known to be sent. `trigger`
    is absent where an undo came before the event that the step waits for. `holds` are values that
    only one living saga of a tenant may hold. `blocked_for` are other tenants that asked to undo it
    before the event to do came. `result` is the step's business object; what is
    undone has none.

    Time: `due_at` is when the sweeper looks next, and absent of what is finished. `deadline_at` is
    when the step fails itself; `watch_at` when it doubts the step after it; `give_up_at` when an
    undo is set aside, or, under `resolving` (a person undid it by hand), taken for done.

    Of a step with an outside system (`outer`): `plan` is what a yes will say; `lease` names who is
    calling; `try_at` is when the lease ends or the next try is due; `last_answer` is what the last
    call came to that must be made again: a status or a kind of error. `undo_wanted`: an undo came
    meanwhile; `undo_traceparent` is the W3C trace context of the event that asked for it.
    `deadline_spoke`: it has said itself that its time is over.
    """

    _id: str
    tenant_id: str
    partner_id: str
    correlation_id: str
    journey: str
    journey_version: int
    state: StepState
    decided_at: datetime
    outbox: list[SaidMessage]
    said: int
    sent: int
    attempts: int
    revision: int
    trigger: NotRequired[StepTrigger]
    result: NotRequired[dict[str, object]]
    refusal: NotRequired[StepRefusal]
    holds: NotRequired[dict[str, str]]
    due_at: NotRequired[datetime | None]
    try_at: NotRequired[datetime | None]
    deadline_at: NotRequired[datetime | None]
    watch_at: NotRequired[datetime | None]
    give_up_at: NotRequired[datetime | None]
    outer: NotRequired[bool]
    plan: NotRequired[list[SaidMessage]]
    record: NotRequired[KeptRecord]
    lease: NotRequired[str]
    last_answer: NotRequired[str]
    undo_wanted: NotRequired[bool]
    undo_traceparent: NotRequired[str]
    deadline_spoke: NotRequired[bool]
    resolving: NotRequired[bool]
    blocked_for: NotRequired[list[str]]
