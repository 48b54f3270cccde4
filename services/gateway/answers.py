"""The shapes of what is asked and answered, as the OpenAPI document tells them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from contracts.journey import JOURNEYS

REAL_PARTNER: dict[str, JsonValue] = {
    "nombre": "TechSolutions Inc",
    "email": "contact@techsolutions.com",
    "telefono": "+1234567890",
    "tipo_partner": "EMPRESA",
    "preferred_contract_type": "PREMIUM",
}
CORRELATION_MAX = 1_024  # as the steps read it
STEPS = tuple(dict.fromkeys(name for one in JOURNEYS.values() for name in one.step_names))


class Asked(BaseModel):
    """Strict: `"1"` is no number. Fields that are not known are refused, so that a misspelt one is
    not passed over."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class StartOnboarding(Asked):
    """What starts a journey of five steps."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"partner_data": REAL_PARTNER, "correlation_id": "corr-123-456"}]
        }
    )

    partner_data: dict[str, Any] = Field(
        description="Any object is taken: what is wrong in it ends the saga as FAILED, "
        "INVALID_PARTNER_DATA."
    )
    correlation_id: str | None = Field(
        None,
        description="A repeat with the same one is the same saga.",
        min_length=1,
        max_length=CORRELATION_MAX,
    )


class Compensate(Asked):
    """What has a saga undone."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The partner withdrew."}]})

    reason: str = Field(min_length=1, max_length=500, description="Kept; so nothing personal.")
    failed_step: str | None = Field(
        None,
        description="As if this step had failed; without it everything is undone.",
        json_schema_extra={"enum": [*STEPS, None]},
    )
    plan: str | None = Field(
        None,
        description="The hash of the undo plan that was agreed to: with another one now, nothing "
        "is asked (409).",
        pattern="^[0-9a-f]{12}$",
    )


class Started(BaseModel):
    """A saga that was started, or was before by the same request."""

    partner_id: str
    saga_id: str
    correlation_id: str
    status: str = Field(examples=["INITIATED"])


class Requested(BaseModel):
    """A request to undo that is in the log."""

    saga_id: str
    partner_id: str
    status: str = Field(description="As it was when it was asked.")
    event_id: str


class StepAnswer(BaseModel):
    """A step of a saga; docs/integrate.md tells the states."""

    model_config = ConfigDict(extra="allow")

    step: str
    state: str
    attempts: int
    due_at: datetime | None
    result: dict[str, str] | None
    completed_at: datetime | None
    undone_at: datetime | None
    duration_ms: int | None
    event_id: str | None


class SagaAnswer(BaseModel):
    """A saga as the projection has it (`saga_state.sagas`, without what is internal)."""

    model_config = ConfigDict(extra="allow")

    saga_id: str
    tenant_id: str
    partner_id: str
    correlation_id: str
    journey: str
    journey_version: int
    status: str
    current_step: str | None
    due_at: datetime | None
    steps: list[StepAnswer]
    failure: dict[str, Any] | None
    compensation: dict[str, Any] | None
    initiated_at: datetime | None
    updated_at: datetime
    ended_at: datetime | None
    duration_ms: int | None


class SagaPage(BaseModel):
    """A page of sagas; `next` is the cursor of the page behind it."""

    sagas: list[SagaAnswer]
    next: str | None
    order: Literal["updated_at", "initiated_at", "due_at"]


class EventAnswer(BaseModel):
    """An event of a saga; `data` is masked but where it was asked for with `unmasked`."""

    model_config = ConfigDict(extra="allow")

    event_id: str
    saga_id: str
    type: str
    source: str
    time: datetime
    topic: str
    partition: int
    offset: int
    data: Any


class Timeline(BaseModel):
    """The events of a saga by their times."""

    saga_id: str
    status: str
    events: list[EventAnswer]


class ActAnswer(BaseModel):
    """Who did what, on which saga, when, from where, why, with what outcome."""

    act_id: str
    at: datetime
    tenant_id: str
    who: str
    key_id: str | None
    what: str
    saga_id: str | None
    where: str
    request_id: str | None
    reason: str | None
    outcome: str


class ActPage(BaseModel):
    """A page of the audit, the latest first."""

    acts: list[ActAnswer]
    next: str | None


class Alive(BaseModel):
    """A probe's answer."""

    status: Literal["pass", "warn", "fail"]


class HealthAnswer(Alive):
    """Of each server and service how it is, and why it is not well."""

    checks: dict[str, dict[str, Any]]


class ProblemBody(BaseModel):
    """RFC 9457, and four members that clients of the older API read."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "no saga, partner or correlation id of that name",
                    "instance": "/sagas/p-1/status",
                    "error": "no saga, partner or correlation id of that name",
                    "codigo": "SAGA_NOT_FOUND",
                    "saga_id": None,
                    "timestamp": "2026-11-29T10:00:00.000000Z",
                }
            ]
        },
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    error: str
    codigo: str
    saga_id: str | None
    timestamp: datetime
