"""GET /dashboard/sagas: lists, filters in the address; and what a pasted id stands for."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import TypeAdapter, ValidationError

from saga_state.document import statuses
from saga_state.shown import saga_json
from services.gateway.answers import STEPS
from services.gateway.dashboard.rendering import page, path_of
from services.gateway.dashboard.visits import Looks
from services.gateway.finding import found
from services.gateway.ground import On
from services.gateway.problems import BadRequest, NotThere, Problem, wrong_fields
from services.gateway.routes.listing import NAMES, Filters, Page, page_of

LIMIT, FEWEST_LETTERS = 50, 3
LIST = "/dashboard/sagas"
_FILTERS = TypeAdapter(Filters)
_LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")  # as a field for a time has it
_CHOICES = {"status": statuses(), "step": STEPS, "journey": NAMES, "sort": ("updated", "started")}
_TIMES = ("started_from", "started_until", "updated_from", "updated_until")
router = APIRouter(include_in_schema=False)


@router.get(LIST)
async def listed(request: Request, on: On, visit: Looks) -> Response:
    """The sagas of the tenant. Empty fields of the form do not stay in the address."""
    told = dict(request.query_params)
    asked = {name: _utc(value.strip()) for name, value in told.items() if value.strip()}
    if asked != told:
        return RedirectResponse(f"{LIST}?{urlencode(asked)}" if asked else LIST, 303)
    cursor = asked.pop("cursor", None)
    wrong, status, shown = "", 200, Page([], None, "updated_at")
    try:
        shown = await page_of(on, visit.caller.tenant_id, _filters(asked), LIMIT, cursor)
    except Problem as problem:
        if problem.status not in (400, 422):
            raise
        wrong, status = problem.detail, problem.status
    return page(
        request,
        visit,
        "sagas.html",
        status=status,
        sagas=[saga_json(one) for one in shown.sagas],
        order=shown.order,
        later=f"{LIST}?{urlencode(asked | {'cursor': shown.after})}" if shown.after else None,
        first=f"{LIST}?{urlencode(asked)}" if cursor else None,
        asked=asked,
        choices=_CHOICES,
        times=_TIMES,
        wrong=wrong,
    )


@router.get("/dashboard/find")
async def find(request: Request, on: On, visit: Looks, id: str = "") -> Response:
    """Straight to the saga that an id stands for; all of them if there are several."""
    text, tenant_id = id.strip(), visit.caller.tenant_id
    sagas = []
    try:
        sagas = [one.saga for one in await found(on, tenant_id, text)] if text else []
    except NotThere:
        if len(text) >= FEWEST_LETTERS and "\0" not in text:
            some = await on.sagas.find_beginning(tenant_id, text[:200], LIMIT)
            sagas = [saga_json(one) for one in some]
    if len(sagas) == 1:
        return RedirectResponse(f"{LIST}/{path_of(sagas[0]['saga_id'])}", 303)
    status = 200 if sagas or not text else 404
    return page(request, visit, "found.html", status=status, text=text, sagas=sagas)


def _filters(asked: Mapping[str, str]) -> Filters:
    if set(asked) - set(Filters.__slots__):
        raise BadRequest("INVALID_REQUEST", "there is no such filter: use those of the form")
    try:
        return _FILTERS.validate_python(dict(asked))
    except ValidationError as error:
        raise wrong_fields(error.errors(include_url=False, include_input=False)) from None


def _utc(value: str) -> str:
    """A field for a time has no zone: ours are in UTC."""
    return f"{value}:00Z" if _LOCAL_TIME.fullmatch(value) else value
