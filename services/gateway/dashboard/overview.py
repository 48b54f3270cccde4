"""GET /dashboard: how many sagas stand where, what needs a person, how the services are."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response

from saga_state import queries
from saga_state.document import statuses
from saga_state.queries import Wanted
from saga_state.shown import saga_json
from services.gateway.dashboard.rendering import page
from services.gateway.dashboard.visits import Looks
from services.gateway.ground import Ground, On

MOST = 10
router = APIRouter(include_in_schema=False)


@router.get("/dashboard")
async def overview(request: Request, on: On, visit: Looks) -> Response:
    """Numbers of the tenant; they are at most seconds old, however many look."""
    tenant_id = visit.caller.tenant_id
    told = await on.overviews.of(tenant_id, lambda: _told(on, tenant_id))
    return page(request, visit, "overview.html", **told)


async def _told(on: Ground, tenant_id: str) -> dict[str, Any]:
    now = on.now()
    late = Wanted(due_before=now)
    counts, waiting, overdue, health = await asyncio.gather(
        on.sagas.counts(tenant_id),
        on.sagas.ask(queries.waiting_for_a_person(tenant_id), MOST + 1),
        on.sagas.listed(tenant_id, late, MOST + 1),
        on.looks.health(now),
    )
    return {
        "at": now,
        "counts": {status: counts.get(status, 0) for status in statuses()},
        "waiting": [saga_json(one) for one in waiting[:MOST]],
        "waiting_more": len(waiting) > MOST,
        "overdue": [saga_json(one) for one in overdue[:MOST]],
        "overdue_more": len(overdue) > MOST,
        "health": health,
    }
