"""GET /audit: who did what."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from services.gateway.access import ReadsAudit
from services.gateway.answers import ActPage
from services.gateway.asked_for import check_names
from services.gateway.audit import AuditWanted, act_json
from services.gateway.cursors import cursor_of, place_of, question_of
from services.gateway.ground import On
from services.gateway.times import Time

router = APIRouter(tags=["operations"])
Text = Annotated[str | None, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which acts; joined by and."""

    saga_id: Text = None
    who: Text = None
    what: Text = None
    at_from: Annotated[Time | None, Query()] = None
    at_until: Annotated[Time | None, Query()] = None


@router.get(
    "/audit",
    response_model=ActPage,
    openapi_extra={"x-problems": {"422": "A filter is wrong."}},
)
async def acts(
    request: Request,
    on: On,
    caller: ReadsAudit,
    filters: Annotated[Filters, Depends()],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> dict[str, Any]:
    """The acts on the sagas of the key's tenant, the latest first."""
    check_names(request, Filters.__slots__)
    told = {name: getattr(filters, name) for name in Filters.__slots__}
    question = question_of(told)
    wanted = AuditWanted(**told)
    if cursor is not None:
        wanted = replace(wanted, after=place_of(cursor, question))
    found = await on.acts.listed(caller.tenant_id, wanted, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return {
        "acts": [act_json(one) for one in found[:limit]],
        "next": cursor_of((last["at"], last["_id"]), question) if last else None,
    }
