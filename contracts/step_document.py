"""The step document as it stands in MongoDB: `<prefix>onboarding_<step>.steps`, one per saga.

Diagnosis (`why`, health, the sandbox) may read these fields, and only read them: this is the one
exception to "no service reads another's database". Everything else in a document is the
step's own. Times are UTC with milliseconds.
"""

from datetime import datetime
from typing import Literal, NotRequired

from typing_extensions import TypedDict  # before Python 3.12 the only one that pydantic reads

StepState = Literal["done", "rejected", "parked"]


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


class StepRefusal(TypedDict):
    """Why the answer was no (its code is published), or what set the saga aside (BUG)."""

    code: str
    reason: str


class SaidMessage(TypedDict):
    """A message as it was first said: it is sent again byte for byte, never made anew.

    `key`, `value` and header values are text where they are UTF-8, else binary. A header is an
    array of its name and its value.
    """

    event_id: str
    topic: str
    key: str | bytes | None
    value: str | bytes | None
    headers: list[list[str | bytes]]


class StepDocument(TypedDict):
    """The document; `_id` is the saga id.

    `revision` counts the writes and guards the next one. `outbox` is in sending order; `said`
    counts all that was ever put into it. `unsent_since` is there while something in the outbox
    may not have been sent: the sweeper looks for it. `holds` are values
    that only one living saga of a tenant may hold. `result` is the step's business object.
    """

    _id: str
    tenant_id: str
    partner_id: str
    correlation_id: str
    journey: str
    journey_version: int
    state: StepState
    trigger: StepTrigger
    decided_at: datetime
    result: dict[str, object] | None
    refusal: StepRefusal | None
    holds: dict[str, str]
    outbox: list[SaidMessage]
    said: int
    attempts: int
    revision: int
    unsent_since: NotRequired[object]  # a BSON timestamp of the database
