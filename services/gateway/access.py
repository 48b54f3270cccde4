"""Who asks, and whether they may: an API key in `X-API-Key` or `Authorization: Bearer`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from fastapi import Depends, Request

from services.gateway.audit import What, act
from services.gateway.ground import Ground, On
from services.gateway.keys import PREFIX
from services.gateway.problems import NoKey, NotAllowed
from services.gateway.roles import SCOPES, Scope

RECORDED: Mapping[Scope, What] = {
    "sagas:start": "saga.start",
    "sagas:compensate": "saga.compensate",
    "dlq:write": "dlq.redrive",
    "pii:read": "pii.read",
}
"""What a scope is asked for: who lacks it, and tries, stands in the audit."""
ANYBODY = "anybody"  # who asks where ONBOARDING_AUTH=off
LONGEST_KEY = 200
WRONG = f"send an API key ({PREFIX}_...) as `X-API-Key` or `Authorization: Bearer`; this is none"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `name` is that of the key, `address` where the request is from."""

    name: str
    key_id: str | None
    tenant_id: str
    scopes: frozenset[str]
    address: str
    request_id: str


async def caller_of(request: Request, on: On) -> Caller:
    """NoKey without a key that counts; TooMany."""
    address = request.client.host if request.client else "unknown"
    request_id: str = request.state.request_id
    if on.settings.auth == "off":
        return Caller(ANYBODY, None, "default", SCOPES, address, request_id)
    shown = _shown_key(request)
    key = on.ring.known(shown)  # whatever others send from the same address
    if key is None:
        await on.rates.check_stranger(address)
        key = await on.ring.open(shown)
    if key is None:
        await on.rates.count_stranger(address)
        raise NoKey(WRONG)
    await on.rates.count_key(key.key_id)
    structlog.contextvars.bind_contextvars(key=key.key_id, tenant=key.tenant_id)
    return Caller(key.name, key.key_id, key.tenant_id, key.scopes, address, request_id)


def needs(scope: Scope) -> Any:
    """The dependency of a route: who asks, who must have that scope. NotAllowed otherwise."""

    async def allowed(on: On, caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        if scope not in caller.scopes and (what := RECORDED.get(scope)):
            await note_refusal(on, caller, what)
        require(caller, scope)
        return caller

    named: Callable[..., Awaitable[Caller]] = allowed
    named.scope = scope  # type: ignore[attr-defined]  # the table of routes and roles reads it
    return Depends(named)


async def note_refusal(on: Ground, caller: Caller, what: What) -> None:
    """Into the audit: somebody tried to change what they may not."""
    told = act(
        on.now(), caller.tenant_id, caller.name, what, where=caller.address,
        outcome="SCOPE_MISSING", key_id=caller.key_id, request_id=caller.request_id,
    )  # fmt: skip
    await on.acts.add(told)


def require(caller: Caller, scope: Scope) -> None:
    """NotAllowed if the caller lacks that scope."""
    if scope not in caller.scopes:
        raise NotAllowed("SCOPE_MISSING", f"this key lacks the scope {scope}")


def _shown_key(request: Request) -> str:
    told = request.headers.get("x-api-key")
    if told is None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        told = token.strip() if kind.lower() == "bearer" else ""
    return told if len(told) <= LONGEST_KEY else ""


Reads = Annotated[Caller, needs("sagas:read")]
Starts = Annotated[Caller, needs("sagas:start")]
Compensates = Annotated[Caller, needs("sagas:compensate")]
ReadsAudit = Annotated[Caller, needs("audit:read")]
