"""GET /dashboard/audit: who did what, when, from where, why, with what outcome."""

from dataclasses import replace
from typing import get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.gateway.audit import AuditWanted, What, act_json
from services.gateway.cursors import cursor_of, place_of, question_of
from services.gateway.dashboard.rendering import page
from services.gateway.dashboard.visits import LooksAtAudit
from services.gateway.ground import On

LIMIT, PATH, LONGEST = 50, "/dashboard/audit", 200
FIELDS = ("what", "who", "saga_id")
router = APIRouter(include_in_schema=False)


@router.get(PATH)
async def acts(request: Request, on: On, visit: LooksAtAudit) -> Response:
    """The acts on the sagas of the tenant, the latest first."""
    told = dict(request.query_params)
    asked = {name: value.strip() for name, value in told.items() if value.strip()}
    if asked != told:
        return RedirectResponse(f"{PATH}?{urlencode(asked)}" if asked else PATH, 303)
    cursor = asked.pop("cursor", None)
    filters = {name: asked[name][:LONGEST] for name in FIELDS if name in asked}
    question = question_of(filters)
    wanted = AuditWanted(filters.get("saga_id"), filters.get("who"), filters.get("what"))
    if cursor is not None:
        wanted = replace(wanted, after=place_of(cursor, question))
    found = await on.acts.listed(visit.caller.tenant_id, wanted, LIMIT + 1)
    last = found[LIMIT - 1] if len(found) > LIMIT else None
    later = filters | {"cursor": cursor_of((last["at"], last["_id"]), question)} if last else None
    return page(
        request,
        visit,
        "audit.html",
        acts=[act_json(one) for one in found[:LIMIT]],
        asked=filters,
        kinds=get_args(What),
        later=f"{PATH}?{urlencode(later)}" if later else None,
        first=f"{PATH}?{urlencode(filters)}" if cursor else None,
    )
