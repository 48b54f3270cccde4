"""In with an API key, and out again."""

import re

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.gateway.access import LONGEST_KEY
from services.gateway.dashboard.cookies import (
    FORMS,
    SESSION,
    cookie,
    drop_session,
    set_forms,
    set_session,
)
from services.gateway.dashboard.forms import form_of
from services.gateway.dashboard.rendering import bare_page
from services.gateway.dashboard.sessions import digest_of, form_token, new_token, session_of
from services.gateway.ground import Ground, On
from services.gateway.keys import Key
from services.gateway.problems import NotAllowed, TooMany

HOME, LOGIN, LOGOUT = "/dashboard", "/dashboard/login", "/dashboard/logout"
_INSIDE = re.compile(r"/dashboard(?:[/?][!-~]*)?")  # no way out to another site
_UP = re.compile(r"\.\.|%2e", re.IGNORECASE)  # a browser goes up there, and so leaves
LONGEST_WAY = 2_000
log = structlog.get_logger()
router = APIRouter(include_in_schema=False)


@router.get(LOGIN)
async def ask(request: Request, on: On, next: str = HOME) -> Response:
    """The form; straight on where no key is needed."""
    if on.settings.auth == "off":
        return RedirectResponse(inside(next), 303)
    return _form(request, inside(next))


@router.post(LOGIN)
async def log_in(request: Request, on: On) -> Response:
    """A session of its own with each log-in, and on to where one wanted to go."""
    try:
        told = await form_of(request, cookie(request, FORMS))
    except NotAllowed:
        return _form(request, HOME, "This page was too old to log in with. Please try again.", 403)
    way, address = inside(told.get("next", "")), request.client.host if request.client else ""
    try:
        await on.rates.try_login(address)
    except TooMany as problem:
        line = "Too many log-ins failed from here. Wait a minute, then try again."
        answer = _form(request, way, line, problem.status)
        answer.headers.update(problem.headers)
        return answer
    key = await _key(on, told.get("key", "").strip())
    if key is None:
        log.info("login.failed", address=address)
        return _form(request, way, "This is not a valid API key.", 401)
    await on.rates.forgive_login(address)
    await on.rates.count_key(key.key_id)
    return await _logged_in(request, on, key, way)


@router.post(LOGOUT)
async def log_out(request: Request, on: On) -> Response:
    """Ends the session, here and in the database."""
    token = cookie(request, SESSION)
    if token is not None:
        await form_of(request, token)
        if await on.sessions.find(digest_of(token), on.now()) is not None:
            await on.sessions.end(digest_of(token))
    answer = RedirectResponse(LOGIN, 303)
    drop_session(request, answer)
    return answer


def inside(way: str) -> str:
    """A way that stays on the dashboard, whatever was asked for."""
    fits = len(way) <= LONGEST_WAY and _INSIDE.fullmatch(way)
    leads_away = _UP.search(way.partition("?")[0]) or way.startswith((LOGIN, LOGOUT))
    return way if fits and not leads_away else HOME


async def _logged_in(request: Request, on: Ground, key: Key, way: str) -> Response:
    token, before = new_token(), cookie(request, SESSION)
    if before is not None:
        await on.sessions.end(digest_of(before))
    await on.sessions.add(session_of(token, key.key_id, on.now()))
    log.info("login.done", key=key.key_id, tenant=key.tenant_id)
    answer = RedirectResponse(way, 303)
    set_session(request, answer, token)
    return answer


async def _key(on: Ground, text: str) -> Key | None:
    return await on.ring.open(text) if text and len(text) <= LONGEST_KEY else None


def _form(request: Request, way: str, wrong: str = "", status: int = 200) -> Response:
    token = cookie(request, FORMS) or new_token()
    told = {"way": way, "wrong": wrong, "form_token": form_token(token)}
    answer = bare_page(request, "login.html", status=status, **told)
    set_forms(request, answer, token)
    return answer
