"""GET /dashboard/services: who runs, in which version, with which partitions, how far behind."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from services.gateway.dashboard.rendering import page
from services.gateway.dashboard.visits import Looks
from services.gateway.ground import Ground, On
from services.gateway.replies import reply

router = APIRouter(include_in_schema=False)


@router.get("/dashboard/services")
async def fleet(request: Request, on: On, visit: Looks) -> Response:
    """The servers, and each service; with its machines for those who may act, as `why` has it."""
    now = on.now()
    health = await on.looks.health(now)
    may_act = "sagas:compensate" in visit.caller.scopes
    instances = await _instances(on, now) if may_act else {}
    return page(request, visit, "services.html", health=health, instances=instances, at=now)


@router.get("/dashboard/services/lag")
async def lag(on: On, _visit: Looks) -> Response:
    """`{at, lags: {service: records}}` for the chart; null where it could not be learned."""
    now = on.now()
    checks: Mapping[str, Mapping[str, Any]] = (await on.looks.health(now)).checks
    lags = {name: one["lag_records"] for name, one in checks.items() if "lag_records" in one}
    return reply({"at": now.timestamp(), "lags": lags})


async def _instances(on: Ground, now: datetime) -> Mapping[str, Any]:
    names = [*on.looks.services]
    found = await asyncio.gather(*(on.looks.living(name, now) for name in names))
    return dict(zip(names, found, strict=True))
