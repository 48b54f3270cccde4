"""GET /dashboard/letters: dead letters and parked steps, in groups, and each one."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.gateway.dashboard.letter_reading import letter_for, letters_for
from services.gateway.dashboard.rendering import page
from services.gateway.dashboard.visits import LooksAtLetters
from services.gateway.ground import On
from services.letters.chosen import Which
from services.letters.groups import groups
from services.letters.masking import masked_headers, masked_key, masked_value

PATH, MOST = "/dashboard/letters", 100
router = APIRouter(include_in_schema=False)
Text = Annotated[str, Query(max_length=200)]
Class = Annotated[str, Query(alias="class", max_length=200)]


@router.get(PATH)
async def letters(
    request: Request,
    on: On,
    visit: LooksAtLetters,
    service: Text = "",
    error_class: Class = "",
    saga: Text = "",
    state: Text = "",
) -> Response:
    """Those that wait; with `state=all` also what was dealt with. Groups first, then each."""
    told = await letters_for(request, on, visit)
    which = which_of(service, error_class, saga)
    shown = [one for one in told.letters if which(one) and (state == "all" or one.now == "open")]
    asked = {"service": service, "class": error_class, "saga": saga, "state": state}
    return page(
        request,
        visit,
        "letters.html",
        groups=groups(shown, with_state=state == "all"),
        letters=[one.row for one in reversed(shown[-MOST:])],
        more=max(0, len(shown) - MOST),
        asked={name: value for name, value in asked.items() if value},
        services=sorted({one.service for one in told.letters}),
        classes=sorted({one.error_class for one in told.letters}),
        waiting=sum(one.now == "open" for one in shown),
        is_all=told.is_all,
    )


@router.get(PATH + "/{letter_id}")
async def letter(
    request: Request, on: On, visit: LooksAtLetters, letter_id: str, service: Text = ""
) -> Response:
    """One with its record, masked; a parked step has no personal data in it."""
    one, told = await letter_for(request, on, visit, letter_id, service)
    if one.parked is None and "hx-request" not in request.headers:
        (one,) = await on.letters.whole([one])
    return page(
        request,
        visit,
        "letter.html",
        letter=one,
        twins=[it.service for it in told.letters if it.id == one.id and it.service != one.service],
        key=masked_key(one.record.key),
        headers=masked_headers(one.headers),
        value=masked_value(one.record.value),
        was_asked="asked" in request.query_params,
    )


def which_of(service: str, error_class: str, saga: str, *refs: str) -> Which:
    """As filters in an address tell it; empty: no matter."""
    return Which(service or None, error_class or None, (saga,) if saga else (), refs)
