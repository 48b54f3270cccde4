"""POST /sagas/partner-onboarding: starts a journey of five steps."""

from fastapi import APIRouter, Request, Response

from services.gateway.access import Caller, Starts
from services.gateway.answers import CORRELATION_MAX, Started, StartOnboarding
from services.gateway.auditing import audited
from services.gateway.bodies import body_of, described
from services.gateway.ground import Ground, On
from services.gateway.idempotency import IdempotencyKey, checked_key
from services.gateway.starting import Begun, Order, begin

JOURNEY = "partner-onboarding"
router = APIRouter(tags=["onboarding"])
_ABOUT = described(
    StartOnboarding,
    _409="The correlation_id was sent with another body, or the Idempotency-Key is in use.",
)


@router.post(
    "/sagas/partner-onboarding",
    status_code=202,
    response_model=Started,
    openapi_extra=_ABOUT,
    responses={202: {"headers": {"Location": {"schema": {"type": "string"}}}}},
)
async def start(
    request: Request,
    response: Response,
    on: On,
    caller: Starts,
    idempotency_key: IdempotencyKey = None,
) -> Started:
    """Start an onboarding. 202 is answered when the start is in the log."""
    asked = await body_of(request, StartOnboarding)
    order = Order(
        asked.partner_data,
        JOURNEY,
        caller.tenant_id,
        asked.correlation_id or _correlation_in(asked.partner_data),
        checked_key(idempotency_key),
    )
    begun = await started(on, caller, order)
    response.headers["Location"] = f"/sagas/{begun.saga_id}/status"
    return Started(
        partner_id=begun.partner_id,
        saga_id=begun.saga_id,
        correlation_id=begun.correlation_id,
        status="INITIATED",
    )


async def started(on: Ground, caller: Caller, order: Order) -> Begun:
    """Begun, and in the audit."""
    async with audited(on, caller, "saga.start") as deed:
        begun = await begin(on, order)
        deed.saga_id = begun.saga_id
        deed.repeat_by = {"correlation_id": begun.correlation_id}
        return begun


def _correlation_in(data: dict[str, object]) -> str | None:
    """As the steps read it, where the request has none."""
    text = data.get("correlation_id")
    return text if isinstance(text, str) and 0 < len(text) <= CORRELATION_MAX else None
