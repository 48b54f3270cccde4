"""What the older API says of a saga: its nine states, and the fields that its clients read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.answers import CORRELATION_MAX, Asked

JOURNEY = "partner-creation"
OldState = Literal[
    "started",
    "partner_creation_in_progress",
    "partner_created",
    "alliance_creation_in_progress",
    "alliance_created",
    "completed",
    "failed",
    "compensating",
    "compensated",
]
_STATES: Mapping[str, OldState] = {
    "INITIATED": "partner_creation_in_progress",
    "PARTNER_REGISTERED": "alliance_creation_in_progress",
    "CONTRACT_CREATED": "alliance_created",
    "COMPLETED": "completed",
    "FAILED": "failed",
    "COMPENSATING": "compensating",
    "COMPENSATED": "compensated",
}


class Creation(Asked):
    """What starts the creation of a partner and an alliance. Fields that are not known are passed
    over, as the older system did."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "nombre": "Example Partner",
                    "email": "partner@example.com",
                    "telefono": "+1234567890",
                    "direccion": "123 Main Street",
                    "correlation_id": "unique-correlation-id",
                }
            ]
        },
    )

    nombre: str
    email: str
    telefono: str
    direccion: str | None = None
    correlation_id: str | None = Field(None, min_length=1, max_length=CORRELATION_MAX)


class CreationStarted(BaseModel):
    """A creation that was started."""

    mensaje: str
    saga_id: str
    correlation_id: str
    status: Literal["started"]


class OldSaga(BaseModel):
    """A saga as the older API shows it. `alliance_id`: the number of the contract, once there is
    one."""

    saga_id: str
    status: OldState
    partner_id: str | None
    alliance_id: str | None
    created_at: datetime | None
    completed_at: datetime | None


class OldStatus(BaseModel):
    """One saga."""

    saga: OldSaga


class Active(BaseModel):
    """Sagas under way; `total` counts those that are not shown too."""

    sagas: list[OldSaga]
    total: int


def old_saga(saga: Mapping[str, Any], noted: bool = False) -> dict[str, Any]:
    """From the saga's document (saga_state/shown.py). `noted`: its start was taken, and no more is
    known yet."""
    results: dict[str, str] = {}
    for step in saga["steps"]:
        results |= {step["step"]: next(iter((step["result"] or {}).values()), "")}
    return {
        "saga_id": saga["saga_id"],
        "status": "started" if noted else _STATES[saga["status"]],
        "partner_id": saga["partner_id"],
        "alliance_id": results.get("contract") or None,
        "created_at": saga["initiated_at"],
        "completed_at": saga["ended_at"],
    }
