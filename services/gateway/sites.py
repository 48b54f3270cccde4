"""From where a browser asks: this machine, a page of ours, or a page of somebody else."""

import re
from collections.abc import Callable, Set

from starlette.datastructures import Headers
from starlette.types import Scope

from services.gateway.problems import BadRequest, NotAllowed

_OURS = ("same-origin", "none")
_THIS_MACHINE = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def is_foreign(headers: Headers, named: Set[str] = frozenset()) -> bool:
    """Whether a page of another site has it sent; not where its origin is one of those `named`.
    Clients that are no browsers tell nothing of that kind."""
    origin = headers.get("origin")
    if origin in named:
        return False
    host = headers.get("host", "").lower()
    if origin is not None and origin.lower().partition("://")[2] != host:
        return True
    return headers.get("sec-fetch-site", _OURS[0]) not in _OURS


def only_from_here(named: Set[str]) -> Callable[[Scope], None]:
    """A check for where no key is asked for. _Misdirected: by a name that is not this machine's,
    as a page of another site has that was given our address; NotAllowed: another site's act."""

    def check(scope: Scope) -> None:
        headers = Headers(scope=scope)
        if not _THIS_MACHINE.fullmatch(headers.get("host", "")):
            line = "without keys (ONBOARDING_AUTH=off) ask by localhost, 127.0.0.1 or [::1]"
            raise _Misdirected("NOT_THIS_MACHINE", line)
        if scope["method"] not in _SAFE and is_foreign(headers, named):
            raise NotAllowed("OTHER_SITE", "a page of another site may not ask for this")

    return check


class _Misdirected(BadRequest):
    status = 421
