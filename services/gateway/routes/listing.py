"""GET /sagas: lists with filters, page by page."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from contracts.journey import JOURNEYS
from saga_state.document import Saga, statuses
from saga_state.queries import Wanted, order_of_list
from saga_state.shown import saga_json
from services.gateway.access import Reads
from services.gateway.answers import STEPS, SagaPage
from services.gateway.asked_for import check_names
from services.gateway.cursors import cursor_of, place_of, question_of
from services.gateway.ground import Ground, On
from services.gateway.problems import Unprocessable
from services.gateway.replies import reply
from services.gateway.times import Time

router = APIRouter(tags=["onboarding"])
NAMES = tuple(dict.fromkeys(name for name, _ in JOURNEYS))
_CODE = r"^[A-Z][A-Z0-9_]{0,63}$"


@dataclass(frozen=True, slots=True)
class Filters:
    """All of a list's conditions; they are joined by and."""

    status: Annotated[str | None, Query(json_schema_extra={"enum": list(statuses())})] = None
    step: Annotated[
        str | None, Query(description="Waits for it.", json_schema_extra={"enum": list(STEPS)})
    ] = None
    journey: Annotated[str | None, Query(json_schema_extra={"enum": list(NAMES)})] = None
    failure_code: Annotated[str | None, Query(pattern=_CODE)] = None
    started_from: Annotated[Time | None, Query()] = None
    started_until: Annotated[Time | None, Query()] = None
    updated_from: Annotated[Time | None, Query()] = None
    updated_until: Annotated[Time | None, Query()] = None
    overdue: Annotated[bool, Query(description="Whose step should have answered.")] = False
    text: Annotated[
        str | None,
        Query(
            min_length=3,
            max_length=200,
            description="One of its ids begins so; without other filters, one page at most.",
        ),
    ] = None
    sort: Annotated[
        Literal["updated", "started"] | None,
        Query(description="The latest first; `updated` not with started_*, `started` alone or "
              "with started_* and journey. A list of what is overdue begins with the longest."),
    ] = None  # fmt: skip


@router.get(
    "/sagas",
    response_model=SagaPage,
    openapi_extra={"x-problems": {"422": "A filter is wrong."}},
)
async def listed(
    request: Request,
    on: On,
    caller: Reads,
    filters: Annotated[Filters, Depends()],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> Response:
    """The sagas of the key's tenant; at most 200 on a page."""
    check_names(request, Filters.__slots__)
    found = await page_of(on, caller.tenant_id, filters, limit, cursor)
    told = {"sagas": [saga_json(one) for one in found.sagas]}
    return reply({**told, "next": found.after, "order": found.order})


@dataclass(frozen=True, slots=True)
class Page:
    """`after`: the cursor of the page behind it; `order`: the field that orders it."""

    sagas: list[Saga]
    after: str | None
    order: str


async def page_of(
    on: Ground, tenant_id: str, filters: Filters, limit: int, cursor: str | None
) -> Page:
    """A page of that list. Unprocessable for filters that do not go together, BadRequest for a
    cursor of another list."""
    _check(filters)
    if filters.text is not None:
        found = await on.sagas.find_beginning(tenant_id, filters.text, limit)
        return Page(found, None, "updated_at")
    wanted = _wanted(on, filters)
    question = question_of({name: getattr(filters, name) for name in Filters.__slots__})
    if cursor is not None:
        wanted = replace(wanted, after=place_of(cursor, question))
    sagas = await on.sagas.listed(tenant_id, wanted, limit + 1)
    order = order_of_list(wanted)
    if len(sagas) <= limit:
        return Page(sagas, None, order)
    last: dict[str, Any] = dict(sagas[limit - 1])
    return Page(sagas[:limit], cursor_of((last[order], last["_id"]), question), order)


def _wanted(on: Ground, filters: Filters) -> Wanted:
    return Wanted(
        status=filters.status,
        step=filters.step,
        journey=filters.journey,
        failure_code=filters.failure_code,
        updated_from=filters.updated_from,
        updated_until=filters.updated_until,
        started_from=filters.started_from,
        started_until=filters.started_until,
        due_before=on.now() if filters.overdue else None,
        by_start=filters.sort == "started",
    )


def _check(filters: Filters) -> None:
    for name, known in (("status", statuses()), ("step", STEPS), ("journey", NAMES)):
        told = getattr(filters, name)
        if told is not None and told not in known:
            raise _wrong(f"{name}: it is one of {', '.join(known)}")
    if filters.sort == "updated" and (filters.started_from or filters.started_until):
        raise _wrong("sort: a list by started_* is sorted by start")
    if filters.sort == "updated" and _only_journey(filters):
        raise _wrong("sort: a list of one journey is sorted by start; add a status or a step")
    if filters.sort == "started" and (filters.status or filters.step or filters.failure_code):
        raise _wrong("sort: a list by status, step or failure_code is sorted by its last update")
    if filters.overdue and filters.sort is not None:
        raise _wrong("sort: a list of what is overdue begins with what is so for longest")
    if filters.text is not None and filters != Filters(text=filters.text):
        raise _wrong("text: it goes without other filters")


def _only_journey(filters: Filters) -> bool:
    return bool(filters.journey) and not (filters.status or filters.step or filters.failure_code)


def _wrong(line: str) -> Unprocessable:
    return Unprocessable("INVALID_REQUEST", line)
