"""What cannot be shown, said on a page: what is wrong, and what a person may do about it."""

from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from services.gateway.dashboard.login import HOME, LOGIN
from services.gateway.dashboard.rendering import bare_page, page
from services.gateway.dashboard.visits import known_visit
from services.gateway.problems import Problem

PASSING = (429, 503)
TITLES = {
    400: "This cannot be read",
    403: "This is not yours to do",
    404: "There is nothing of that name",
    409: "Not now",
    422: "This cannot be asked for",
    429: "Too many requests",
    503: "A server does not answer",
}
_OF_CODE = {"NO_SUCH_ROUTE": "There is no such page", "NO_SUCH_MOMENT": "There is no such moment"}
_DETAILS = {"NO_SUCH_ROUTE": "Look at the address, or begin with the overview."}


def is_page(path: str) -> bool:
    """Whether a person looks at what that path answers."""
    return path == HOME or path.startswith(f"{HOME}/")


def problem_page(request: Request, problem: Problem) -> Response:
    """The problem in words, with the way to the other pages for who is logged in; without a session
    the way to the log-in, and back."""
    if problem.codigo == "NO_SESSION" and "hx-request" not in request.headers:
        return RedirectResponse(f"{LOGIN}?next={quote(_way_back(request))}", 303)
    told = {
        "title": _title(problem),
        "detail": _DETAILS.get(problem.codigo, problem.detail),
        "saga_id": problem.saga_id,
        "is_refused": problem.status == 403,
        "is_passing": problem.status in PASSING and request.method == "GET",
        "request_id": request.state.request_id,
    }
    visit, name, status = known_visit(request), "problem.html", problem.status
    if visit is None:
        answer = bare_page(request, name, status=status, visit=None, **told)
    else:
        answer = page(request, visit, name, status=status, **told)
    answer.headers.update(problem.headers)
    return answer


def _title(problem: Problem) -> str:
    of_status = TITLES.get(problem.status, "This should not have happened")
    return _OF_CODE.get(problem.codigo, of_status)


def _way_back(request: Request) -> str:
    """Of an act, the page that it was on."""
    if request.method != "GET":
        return request.url.path
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
