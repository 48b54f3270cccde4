"""What a page says of what cannot be shown, and where it leads from there."""

import httpx
import pytest
from dashboard_given import elements, texts
from starlette.requests import Request

from services.gateway.access import Caller
from services.gateway.dashboard.problem_pages import problem_page
from services.gateway.dashboard.visits import Visit
from services.gateway.problems import Conflict, NotAllowed, NotThere, Problem, TooMany, Unavailable

pytestmark = pytest.mark.servers


def buttons(page: str) -> list[str | None]:
    """Where the main button leads."""
    return [one.get("href") for one in elements(page, "a") if one.get("class") == "button"]


def shown(problem: Problem, **known: Visit) -> str:
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/dashboard/x",
        "headers": [],
        "query_string": b"",
    }
    request = Request({**scope, "state": {"request_id": "r-1", **known}})
    return bytes(problem_page(request, problem).body).decode()


@pytest.mark.parametrize(
    ("problem", "leads_to"),
    [
        (TooMany("too many", 1), ""),
        (Unavailable("MongoDB is away"), ""),
        (NotAllowed("SCOPE_MISSING", "no"), "/dashboard"),
        (NotThere("SAGA_NOT_FOUND", "none"), "/dashboard"),
        (Conflict("UNDO_PARKED", "not now", saga_id="s/1"), "/dashboard/sagas/s%2F1"),
    ],
    ids=lambda one: getattr(one, "codigo", ""),
)
def test_only_what_passes_by_itself_is_to_be_tried_again(problem: Problem, leads_to: str):
    page = shown(problem)
    assert buttons(page) == [leads_to]
    assert ("Try again" in page) is (leads_to == "")


def navigation(page: str) -> list[str | None]:
    return [one.get("href") for one in elements(page, "a") if "class" not in one]


def test_who_is_logged_in_finds_the_pages_that_are_theirs_beside_what_is_wrong():
    viewer = Caller("ana", "k-1", "default", frozenset({"sagas:read"}), "127.0.0.1", "r-1")
    problem = NotAllowed("SCOPE_MISSING", "no")
    page = shown(problem, visit=Visit(viewer, "token"))
    assert {"/dashboard/sagas", "/dashboard/services"} <= {*navigation(page)}
    assert "/dashboard/audit" not in navigation(page)
    assert "ana" in [*texts(page)]
    assert "/dashboard/sagas" not in navigation(shown(problem))


async def test_a_page_that_there_is_not_speaks_of_pages_not_of_the_api(operator: httpx.AsyncClient):
    told = await operator.get("/dashboard/nowhere")
    assert told.status_code == 404
    assert "There is no such page" in [*texts(told.text)]
    assert "/docs" not in told.text


async def test_beyond_the_last_event_the_saga_as_it_is_now_is_one_click_away(operator, completed):
    path = f"/dashboard/sagas/{completed['saga_id']}"
    told = await operator.get(f"{path}?at=99")
    assert told.status_code == 404
    said = [*texts(told.text)]
    assert "There is no such moment" in said
    assert any(one.startswith("There is no event 99 of this saga: it has ") for one in said)
    assert buttons(told.text) == [path]
