"""From values to a page: whatever a producer sent stands in it as text."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from services.gateway.dashboard import words
from services.gateway.dashboard.cookies import THEME, cookie, set_forms
from services.gateway.dashboard.files import address
from services.gateway.dashboard.forms import TOKEN
from services.gateway.dashboard.sessions import form_token
from services.gateway.dashboard.visits import Visit

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A browser tells the origin of a form only where the page lets it tell a referrer.
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
THEMES = ("light", "dark")
NAVIGATION = (
    ("/dashboard", "Overview", "sagas:read"),
    ("/dashboard/sagas", "Sagas", "sagas:read"),
    ("/dashboard/letters", "Letters", "dlq:read"),
    ("/dashboard/services", "Services", "sagas:read"),
    ("/dashboard/events", "Events", "sagas:read"),
    ("/dashboard/audit", "Audit", "audit:read"),
)


def page(
    request: Request, visit: Visit, template: str, *, status: int = 200, **values: Any
) -> Response:
    """A page for whoever is logged in."""
    scopes = visit.caller.scopes
    shown = [(to, name) for to, name, scope in NAVIGATION if scope in scopes]
    told = {"visit": visit, "scopes": scopes, "navigation": shown}
    token = form_token(visit.token)
    response = bare_page(request, template, status=status, form_token=token, **told, **values)
    if not visit.has_session:
        set_forms(request, response, visit.token)
    return response


def bare_page(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page for anybody."""
    theme = cookie(request, THEME)
    known = {
        "theme": theme if theme in THEMES else "",
        "here": request.url.path,
        "now": datetime.now(UTC),
        "token_field": TOKEN,
    }
    text = _ENVIRONMENT.get_template(template).render(known | values)
    return HTMLResponse(text, status, HEADERS)


def path_of(text: str) -> str:
    """A text as one segment of a path, whatever stands in it."""
    return quote(text, safe="")


def query_with(asked: Mapping[str, str], **more: str) -> str:
    """The query of an address that asks the same, but for these; what is empty is left out."""
    return urlencode({name: text for name, text in {**asked, **more}.items() if text})


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("services.gateway.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for one in (words.absolute, words.iso, words.tone, words.words, words.pretty):
        made.filters[one.__name__] = one
    made.filters |= {"path": path_of, "with": query_with}
    made.filters |= {"duration": words.duration, "span": words.span}
    made.globals |= {"relative": words.relative, "file": address}
    return made


_ENVIRONMENT = _environment()
