"""The app: which routes there are, and how what goes wrong in them is answered."""

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.telemetry import TelemetryConfig
from fastapi_swagger import patch_fastapi
from starlette.exceptions import HTTPException

from services.gateway.answering import problem_of, problem_response
from services.gateway.dashboard.problem_pages import is_page, problem_page
from services.gateway.dashboard.routes import ROUTERS as PAGES
from services.gateway.ground import Ground
from services.gateway.openapi import TAGS, VERSION, describe
from services.gateway.problems import BadRequest, NoMethod, NotThere, Problem, wrong_fields
from services.gateway.routes import (
    audit,
    creation,
    explaining,
    health,
    listing,
    onboarding,
    one_saga,
    streams,
)

ABOUT = "Start partner onboardings, see where they stand, have them undone."
ROUTERS = (
    onboarding.router,
    listing.router,
    health.router,  # /sagas/health before /sagas/{id}
    one_saga.router,
    explaining.router,
    streams.router,
    audit.router,
    creation.router,
    *PAGES,
)


# Its spans and logs have paths, queries and texts of errors in them; ours are in traced.py.
_NONE_OF_ITS_OWN: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


def make_app(ground: Ground | None) -> FastAPI:
    """All routes on that ground; without one only their description can be asked for."""
    app = FastAPI(
        title="Onboarding",
        summary=ABOUT,
        version=VERSION,
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        redirect_slashes=False,
        telemetry=_NONE_OF_ITS_OWN,
    )
    app.state.ground = ground
    for router in ROUTERS:
        app.include_router(router)
    patch_fastapi(app, redirect_from_root_to_docs=False)
    describe(app)
    for kind in (RequestValidationError, HTTPException, Problem, Exception):
        app.add_exception_handler(kind, _answered)
    if ground is not None and ground.settings.gateway_origins:
        _let_origins(app, sorted(ground.settings.gateway_origins))
    return app


def _let_origins(app: FastAPI, origins: list[str]) -> None:
    app.add_middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["GET", "POST"],
        allow_headers=[
            "authorization",
            "content-type",
            "idempotency-key",
            "if-none-match",
            "last-event-id",
            "x-api-key",
        ],
        expose_headers=["ETag", "Location", "Retry-After", "X-Request-ID"],
    )


async def _answered(request: Request, error: Exception) -> Response:
    """A problem, whatever it was: on a page to whoever looks at pages."""
    problem, path = _problem(error), request.url.path
    return problem_page(request, problem) if is_page(path) else problem_response(problem, path)


def _problem(error: Exception) -> Problem:
    if isinstance(error, RequestValidationError):  # of parameters; a body is read by its route
        return wrong_fields([{**one, "loc": one["loc"][1:]} for one in error.errors()])
    if isinstance(error, HTTPException):
        return _of_starlette(error)
    return problem_of(error)


def _of_starlette(error: HTTPException) -> Problem:
    """No such route, another method."""
    if error.status_code == NotThere.status:
        return NotThere("NO_SUCH_ROUTE", "there is no such route: /docs shows all")
    if error.status_code == NoMethod.status:
        return NoMethod(error.headers)
    return BadRequest("BAD_REQUEST", "the request cannot be read")
