"""Who looks at a page, and whether they may: by the session of a cookie."""

from dataclasses import dataclass
from typing import Annotated, Any, cast

import structlog
from fastapi import Depends, Request

from services.gateway.access import ANYBODY, RECORDED, Caller, note_refusal, require
from services.gateway.dashboard.cookies import FORMS, SESSION, cookie
from services.gateway.dashboard.sessions import digest_of, new_token
from services.gateway.ground import Ground, On
from services.gateway.problems import Problem
from services.gateway.roles import SCOPES, Scope


class NoSession(Problem):
    """Answered with the way to the log-in, and back."""

    status = 401


@dataclass(frozen=True, slots=True)
class Visit:
    """`token`: what the forms of the pages are bound to; `has_session`: there is a way out."""

    caller: Caller
    token: str
    has_session: bool = True


async def visit_of(request: Request, on: On) -> Visit:
    """NoSession; TooMany. A page that says what went wrong later finds it again (`known_visit`)."""
    visit: Visit = await _visit(request, on)
    request.state.visit = visit
    return visit


def known_visit(request: Request) -> Visit | None:
    """Who asks, as far as that was looked at."""
    return getattr(request.state, "visit", None)


async def _visit(request: Request, on: Ground) -> Visit:
    address = request.client.host if request.client else "unknown"
    request_id: str = request.state.request_id
    if on.settings.auth == "off":
        caller = Caller(ANYBODY, None, "default", SCOPES, address, request_id)
        return Visit(caller, cookie(request, FORMS) or new_token(), has_session=False)
    token = cookie(request, SESSION)
    if token is not None:
        await on.rates.check_stranger(address)
    session = await on.sessions.find(digest_of(token), on.now()) if token else None
    key = await on.ring.counting(session.key_id) if session else None
    if token is None or key is None:
        if token is not None:  # made up ones cost a question each
            await on.rates.count_stranger(address)
        raise NoSession("NO_SESSION", "nobody is logged in here, or no longer")
    await on.rates.count_key(key.key_id)
    structlog.contextvars.bind_contextvars(key=key.key_id, tenant=key.tenant_id)
    caller = Caller(key.name, key.key_id, key.tenant_id, key.scopes, address, request_id)
    return Visit(caller, token)


def sees(scope: Scope) -> Any:
    """The dependency of a page: who looks at it, who must have that scope. NotAllowed otherwise."""

    async def allowed(on: On, visit: Annotated[Visit, Depends(visit_of)]) -> Visit:
        if scope not in visit.caller.scopes and (what := RECORDED.get(scope)):
            await note_refusal(on, visit.caller, what)
        require(visit.caller, scope)
        return visit

    cast(Any, allowed).scope = scope  # the table of routes and roles reads it
    return Depends(allowed)


Looks = Annotated[Visit, sees("sagas:read")]
LooksAtAudit = Annotated[Visit, sees("audit:read")]
Undoes = Annotated[Visit, sees("sagas:compensate")]
LooksAtLetters = Annotated[Visit, sees("dlq:read")]
DealsWithLetters = Annotated[Visit, sees("dlq:write")]
SeesPersonal = Annotated[Visit, sees("pii:read")]
