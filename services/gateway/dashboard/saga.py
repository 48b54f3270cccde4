"""GET /dashboard/sagas/{id}: one saga whole, now or as it stood after any of its events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from saga_state.document import Saga, StoredEvent
from saga_state.event_words import in_time, said_by, words_of
from saga_state.moments import Change, changes
from saga_state.shown import event_json, saga_json, stored_form
from saga_state.state import as_known
from saga_state.undo_plan import OVER
from saga_state.why.commands import tenant_words
from services.gateway.dashboard import drawing
from services.gateway.dashboard.event_data import texts_of
from services.gateway.dashboard.rendering import page, path_of
from services.gateway.dashboard.visits import Looks, Visit
from services.gateway.finding import Found, found
from services.gateway.ground import Ground, On
from services.gateway.problems import NotThere
from services.gateway.routes.explaining import explained
from services.gateway.routes.one_saga import EVENTS_MOST

WORDS_MAX = 500
router = APIRouter(include_in_schema=False)
Moment = Annotated[int | None, Query(ge=1, le=EVENTS_MOST)]


@dataclass(frozen=True, slots=True)
class Seen:
    """A saga as it is shown. `at`: after which of its events, counted from 1; None: now."""

    saga: Saga
    time: datetime
    at: int | None
    changed: Sequence[Change]


@router.get("/dashboard/sagas/{any_id}")
async def saga(request: Request, on: On, visit: Looks, any_id: str, at: Moment = None) -> Response:
    """All that is known of it. An id that stands for several leads to a list of them."""
    sagas = await found(on, visit.caller.tenant_id, any_id)
    if len(sagas) > 1:
        return RedirectResponse(f"/dashboard/find?id={path_of(any_id)}", 303)
    saga_id = sagas[0].saga["saga_id"]
    stored = (await on.whole_sagas.read_sagas([saga_id])).get(saga_id)
    events = in_time(await on.sagas.timeline(visit.caller.tenant_id, saga_id, EVENTS_MOST))
    seen = _seen(on, stored, sagas[0], events, at)
    return _page(request, on, visit, seen, events)


@router.get("/dashboard/sagas/{any_id}/why")
async def why(request: Request, on: On, visit: Looks, any_id: str) -> Response:
    """Why it stands where it stands; the page of a saga asks for it beside itself."""
    newest = (await found(on, visit.caller.tenant_id, any_id))[0].saga
    answer = await explained(on, visit.caller, newest["saga_id"])
    return page(request, visit, "why.html", saga=newest, answer=answer)


def _seen(
    on: Ground, stored: Saga | None, told: Found, events: Sequence[StoredEvent], at: int | None
) -> Seen:
    """NotThere for a moment that it does not have."""
    if stored is None:  # the projection has not seen it: what was noted of its start
        return Seen(stored_form(told.saga), on.now(), None, [])
    if at is None:
        return Seen(stored, on.now(), None, [])
    if at > len(events):
        line = f"There is no event {at} of this saga: it has {len(events)} so far."
        raise NotThere("NO_SUCH_MOMENT", line, saga_id=stored["_id"])
    before, after = (_after(stored, events[:n]) for n in (at - 1, at))
    return Seen(after or stored, events[at - 1]["time"], at, changes(before, after))


def _after(saga: Saga, events: Sequence[StoredEvent]) -> Saga | None:
    return as_known(saga, {one["_id"] for one in events})


def _page(
    request: Request, on: Ground, visit: Visit, seen: Seen, events: Sequence[StoredEvent]
) -> Response:
    settings, shown = on.settings, seen.saga
    nodes = drawing.nodes_of(
        shown, seen.time, lambda row: settings.step_timeout(row.name, row.timeout_seconds)
    )
    return page(
        request,
        visit,
        "saga.html",
        saga=saga_json(shown),
        seen=seen,
        nodes=nodes,
        drawings=(("wide", drawing.across(nodes)), ("tall", drawing.down(nodes))),
        in_words=drawing.in_words(nodes),
        events=_timeline(events),
        most=EVENTS_MOST,
        tenant=tenant_words(shown),
        revision=shown.get("revision", 0),
        may_undo=shown["status"] not in OVER and seen.at is None,
        was_asked="asked" in request.query_params,
    )


def _timeline(events: Sequence[StoredEvent]) -> list[dict[str, Any]]:
    """Each event with who said it, in words, its data masked; `cause`: the number of what it
    follows."""
    numbers = {one["event_id"]: n for n, one in enumerate(events, 1)}
    return [
        {
            **event_json(one, False),
            "data": text,
            "number": n,
            "said_by": said_by(one),
            "words": words_of(one)[:WORDS_MAX],
            "cause": numbers.get(one["causation_id"] or ""),
        }
        for n, (one, text) in enumerate(zip(events, texts_of(events), strict=True), 1)
    ]
