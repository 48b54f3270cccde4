"""What explains a saga, `why` and the undo plan: shapes as the OpenAPI document tells them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class CauseAnswer(BaseModel):
    """One cause; `tell` is what would tell it from the others."""

    cause: str
    how_sure: Literal["proven", "likely", "possible"]
    service: str
    sentence: str
    command: str
    tell: str


class SeenAnswer(BaseModel):
    """One thing that was looked at; the same as fields, by kind (docs/operate.md)."""

    model_config = ConfigDict(extra="allow")

    what: str
    told: str


class WhyAnswer(BaseModel):
    """Why a saga stands where it stands. `causes`: the likeliest first; `sure`: it is proven."""

    saga_id: str
    tenant_id: str
    status: str = Field(description="UNKNOWN where the projection cannot show the saga.")
    at: datetime
    cause: str = Field(examples=["service_not_running"])
    service: str
    sentence: str
    command: str = Field(description="What helps; for a person at a terminal.")
    sure: bool
    causes: list[CauseAnswer]
    evidence: list[SeenAnswer]


class PlannedUndoAnswer(BaseModel):
    """A step of the plan. `after`: whose undoing it waits for; null: it undoes at once."""

    step: str
    state: str
    after: str | None
    undo: str
    effect: Literal["reversed", "unknown", "by_hand", "undone", "nothing"]
    why: str
    result: dict[str, str] | None
    expected_ms: int | None
    expected_from: Literal["fleet", "this saga", "timeout"] | None
    fleet_count: int


class UndoPlanAnswer(BaseModel):
    """What undoing would do, in order. `refused`: why it cannot be asked for now, or null."""

    saga_id: str
    tenant_id: str
    partner_id: str
    journey: str
    journey_version: int
    status: str
    failed_step: str | None
    hash: str
    refused: str | None
    steps: list[PlannedUndoAnswer]
    expected_ms: int
    gives_up_after_ms: int
