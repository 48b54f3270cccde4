"""The older API under /api/v1/saga: a partner, then an alliance; field by field as it was."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from contracts.journey import COMPLETED
from saga_state.shown import saga_json
from services.gateway.access import Reads, Starts
from services.gateway.bodies import body_of, described
from services.gateway.creation import (
    JOURNEY,
    Active,
    Creation,
    CreationStarted,
    OldStatus,
    old_saga,
)
from services.gateway.finding import Found, found
from services.gateway.ground import Ground, On
from services.gateway.idempotency import IdempotencyKey, checked_key
from services.gateway.problems import NotThere
from services.gateway.routes.onboarding import started
from services.gateway.starting import Order

MOST = 200
MESSAGE = "Saga de creación de partner iniciada"
router = APIRouter(prefix="/api/v1/saga", tags=["creation"])
_NONE = {"x-problems": {"404": "No such saga."}}
_ABOUT = described(Creation, _409="The correlation_id was sent with another body.")


@router.post(
    "/partner-creation", status_code=202, response_model=CreationStarted, openapi_extra=_ABOUT
)
@router.post("/partners", status_code=202, response_model=CreationStarted, openapi_extra=_ABOUT)
async def create(
    request: Request,
    on: On,
    caller: Starts,
    idempotency_key: IdempotencyKey = None,
) -> CreationStarted:
    """Start the creation of a partner and an alliance. 202 when the start is in the log."""
    asked = await body_of(request, Creation)
    data = asked.model_dump(exclude={"correlation_id"}, exclude_none=True)
    key = checked_key(idempotency_key)
    order = Order(data, JOURNEY, caller.tenant_id, asked.correlation_id, key)
    begun = await started(on, caller, order)
    return CreationStarted(
        mensaje=MESSAGE,
        saga_id=begun.saga_id,
        correlation_id=begun.correlation_id,
        status="started",
    )


@router.get("/status/{saga_id}", response_model=OldStatus, openapi_extra=_NONE)
async def status(saga_id: str, on: On, caller: Reads) -> dict[str, Any]:
    """Where the saga stands, in the nine states of the older system."""
    return {"saga": await _told(on, caller.tenant_id, saga_id)}


@router.get("/partners/saga-status/{saga_id}", response_model=OldStatus, openapi_extra=_NONE)
async def partners_status(saga_id: str, on: On, caller: Reads) -> dict[str, Any]:
    """The same as the service of partners told it: after the partner it says `partner_created`."""
    told = await _told(on, caller.tenant_id, saga_id)
    created = told["status"] == "alliance_creation_in_progress"
    return {"saga": {**told, "status": "partner_created"} if created else told}


@router.get("/active", response_model=Active)
async def active(
    on: On, caller: Reads, limit: Annotated[int, Query(ge=1, le=MOST)] = MOST
) -> dict[str, Any]:
    """The sagas that have not ended, the latest updated first; `total` counts all of them."""
    sagas, total = await on.sagas.under_way(caller.tenant_id, JOURNEY, limit)
    return {"sagas": [old_saga(saga_json(one)) for one in sagas], "total": total}


async def _told(on: Ground, tenant_id: str, saga_id: str) -> dict[str, Any]:
    """A saga is COMPLETED when its last step has answered; here only when that was said as well."""
    one = await _of_this_journey(on, tenant_id, saga_id)
    told = old_saga(one.saga, one.noted)
    if told["status"] != "completed":
        return told
    if await on.sagas.has_heard(tenant_id, told["saga_id"], COMPLETED):
        return told
    return {**told, "status": "alliance_created", "completed_at": None}


async def _of_this_journey(on: Ground, tenant_id: str, saga_id: str) -> Found:
    for one in await found(on, tenant_id, saga_id):
        if one.saga["journey"] == JOURNEY:
            return one
    raise NotThere("SAGA_NOT_FOUND", "no saga of the journey partner-creation has that id")
