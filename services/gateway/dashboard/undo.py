"""What undoing a saga would do, and the form that asks for it: a reason, and the id typed."""

import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.gateway.answers import Compensate
from services.gateway.compensating import check_step, planned, the_one_meant
from services.gateway.dashboard.forms import form_of
from services.gateway.dashboard.rendering import page, path_of
from services.gateway.dashboard.visits import Looks, Undoes, Visit
from services.gateway.finding import Shown, found
from services.gateway.ground import Ground, On
from services.gateway.problems import Conflict, Problem, Unavailable, Unprocessable
from services.gateway.routes.one_saga import have_undone

PATH = "/dashboard/sagas/{any_id}/undo"
WORDS = {
    "reversed": "will be undone",
    "unknown": "nobody knows whether it happened; if it did, it will be undone",
    "by_hand": "cannot be undone until a person acts",
    "undone": "is undone already",
    "nothing": "nothing to undo",
}
SOURCES = {"fleet": "median of sagas undone", "this saga": "as doing took", "timeout": "at most"}
_PLAN = re.compile(r"[0-9a-f]{12}")
SAY_AGAIN = (Conflict, Unprocessable, Unavailable)
router = APIRouter(include_in_schema=False)


@router.get(PATH)
async def plan(
    request: Request, on: On, visit: Looks, any_id: str, failed_step: str = ""
) -> Response:
    """The plan, step by step in the order in which it would go."""
    saga = await _meant(on, visit, any_id)
    return await _page(request, on, visit, saga, {"failed_step": failed_step})


@router.post(PATH)
async def undo(request: Request, on: On, visit: Undoes, any_id: str) -> Response:
    """Has exactly the plan done that was shown, or says why not, and what the plan is now."""
    told = await form_of(request, visit.token)
    saga = await _meant(on, visit, any_id)
    try:
        asked = _asked(saga, told)
        await have_undone(on, visit.caller, saga["saga_id"], asked)
    except SAY_AGAIN as problem:
        now = await _meant(on, visit, any_id)
        return await _page(request, on, visit, now, told, problem)
    return RedirectResponse(f"/dashboard/sagas/{path_of(saga['saga_id'])}?asked", 303)


async def _meant(on: Ground, visit: Visit, any_id: str) -> Shown:
    return the_one_meant([one.saga for one in await found(on, visit.caller.tenant_id, any_id)])


def _asked(saga: Shown, told: Mapping[str, str]) -> Compensate:
    """Unprocessable in words for the form."""
    plan = told.get("plan", "")
    if not _PLAN.fullmatch(plan):
        raise _wrong("It was not said which plan you agree to: load the plan anew.")
    if told.get("typed", "").strip() != saga["saga_id"]:
        raise _wrong("Type the saga's id exactly as it is shown.")
    reason = told.get("reason", "").strip()
    if not reason:
        raise _wrong("Say why: the reason stays with the saga and in the audit.")
    try:
        return Compensate(reason=reason, failed_step=told.get("failed_step") or None, plan=plan)
    except ValidationError:
        raise _wrong("A reason has at most 500 characters.") from None


def _wrong(line: str) -> Unprocessable:
    return Unprocessable("INVALID_REQUEST", line)


async def _page(
    request: Request,
    on: Ground,
    visit: Visit,
    saga: Shown,
    told: Mapping[str, Any],
    problem: Problem | None = None,
) -> Response:
    step = told.get("failed_step") or None
    check_step(saga, step)
    return page(
        request,
        visit,
        "undo.html",
        status=problem.status if problem else 200,
        saga=saga,
        plan=await planned(on, saga, step),
        told=told,
        wrong=problem.detail if problem else "",
        effects=WORDS,
        sources=SOURCES,
    )
