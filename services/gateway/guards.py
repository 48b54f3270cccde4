"""What stands before the routes: ids of requests, limits, headers that protect, problems.

Plain ASGI, one layer: the stack of middleware classes would read each body and answer twice.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Set
from uuid import uuid4

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway import metrics
from services.gateway.answering import problem_of, problem_response
from services.gateway.dashboard.problem_pages import is_page, problem_page
from services.gateway.problems import BadRequest, Problem, TooLarge

BODY_SECONDS = 30.0
_OPEN = frozenset(
    {"/livez", "/readyz", "/health", "/docs", "/openapi.json"}
    | {"/dashboard/login", "/dashboard/logout"}
)
_OPEN_BELOW = ("/swagger/",)  # files of the dashboard lie in memory, and a page has nine of them
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
PATH_MAX, QUERY_MAX, HEADERS_MAX = 1_024, 4_096, 64
HEADERS_BYTES_MAX = 32_768  # h11 bounds only what comes in pieces
LENGTH_DIGITS = 19  # Python refuses to read numbers of thousands
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_PROTECTING = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_OVER_TLS = {"Strict-Transport-Security": "max-age=31536000"}
# The page of /docs has a script and styles of its own in it; it shows nothing that was sent to us.
_OF_DOCS = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)


class Guards:
    """Wraps the app; `body_max` in bytes. Once a request is read it is answered, or has begun to
    be, in `answer_seconds`: a server that hangs is a 503, not a client that waits. `count_open`
    counts what an address asks of routes without a key, and raises TooMany; `check_site` raises a
    problem for whom it does not let ask."""

    def __init__(
        self,
        app: ASGIApp,
        body_max: int,
        answer_seconds: float,
        count_open: Callable[[str], Awaitable[None]] | None = None,
        check_site: Callable[[Scope], None] | None = None,
    ) -> None:
        self._app, self._body_max, self._answer_seconds = app, body_max, answer_seconds
        self._count_open, self._check_site = count_open, check_site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(service="gateway", request_id=request_id)
        headers = {**_PROTECTING, "X-Request-ID": request_id}
        if scope.get("scheme") == "https":  # also where a proxy that is named says so
            headers |= _OVER_TLS
        if scope["path"] == "/docs":
            headers["Content-Security-Policy"] = _OF_DOCS
        answer = _Answer(send, headers)
        began = time.monotonic()
        try:
            _check_head(scope)
            if self._check_site is not None:
                self._check_site(scope)
            if self._count_open is not None and _is_open(scope["path"]):
                await self._count_open(address_of(scope))
            reads = scope["method"] not in _WITH_BODY
            seconds = self._answer_seconds + (0 if reads else BODY_SECONDS)
            async with asyncio.timeout(seconds) as limit:
                answer.limit = limit
                await self._app(scope, self._limited(scope, receive, limit), answer.send)
        except Exception as error:
            answer.limit = None
            if answer.status == 0:
                told = _told(scope, problem_of(error))
                await told(scope, receive, answer.send)
        finally:
            metrics.observe(scope, answer.status, time.monotonic() - began)

    def _limited(self, scope: Scope, receive: Receive, limit: asyncio.Timeout) -> Receive:
        """A body that ends: in bytes and in time. TooLarge, BadRequest (408)."""
        _check_length(scope, self._body_max)
        seen, deadline, ended = 0, time.monotonic() + BODY_SECONDS, False

        async def limited() -> Message:
            nonlocal seen, ended
            if ended:  # what comes now is that the client has gone
                return await receive()
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    message = await receive()
            except TimeoutError:
                raise TooSlow("BODY_TOO_SLOW", f"no whole body in {BODY_SECONDS:g} s") from None
            seen += len(message.get("body", b""))
            if not message.get("more_body", False):
                ended = True
                if limit.when() is not None:
                    now = asyncio.get_running_loop().time()
                    limit.reschedule(now + self._answer_seconds)
            if seen > self._body_max:
                raise _too_large(self._body_max)
            return message

        return limited


def _told(scope: Scope, problem: Problem) -> Response:
    path = scope["path"]
    return (
        problem_page(Request(scope), problem) if is_page(path) else problem_response(problem, path)
    )


class TooSlow(BadRequest):
    status = 408


class _HeadersTooLarge(BadRequest):
    status = 431


class _Answer:
    """Sends, with the headers of all answers, and knows whether it has begun to."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self._send, self._headers = send, headers
        self.status = 0
        self.limit: asyncio.Timeout | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.limit is not None:  # it may take its time now, as a stream does
                self.limit.reschedule(None)
            there = {name.lower() for name, _ in message["headers"]}
            more = [(name.encode(), one.encode()) for name, one in self._headers.items()]
            added = [pair for pair in more if pair[0].lower() not in there]
            message = {**message, "headers": [*message["headers"], *added]}
        await self._send(message)


def address_of(scope: Scope) -> str:
    """Who asks, as far as proxies that are believed tell it."""
    return str(scope["client"][0]) if scope.get("client") else "unknown"


def _is_open(path: str) -> bool:
    return path in _OPEN or path.startswith(_OPEN_BELOW)


def _request_id(scope: Scope) -> str:
    """The caller's, if it can stand in a log as it is."""
    told = next((one for name, one in scope["headers"] if name == b"x-request-id"), b"")
    text = told.decode("latin-1")
    return text if _REQUEST_ID.fullmatch(text) else uuid4().hex


def _check_head(scope: Scope) -> None:
    if "\0" in scope["path"]:
        raise BadRequest("PATH_NOT_TEXT", "a path has no NUL in it")
    if len(scope["path"]) > PATH_MAX:
        raise BadRequest("PATH_TOO_LONG", f"a path has at most {PATH_MAX} characters")
    if len(scope["query_string"]) > QUERY_MAX:
        raise BadRequest("QUERY_TOO_LONG", f"a query has at most {QUERY_MAX} bytes")
    if len(scope["headers"]) > HEADERS_MAX:
        raise BadRequest("TOO_MANY_HEADERS", f"a request has at most {HEADERS_MAX} headers")
    if sum(len(name) + len(one) for name, one in scope["headers"]) > HEADERS_BYTES_MAX:
        line = f"the headers of a request have at most {HEADERS_BYTES_MAX} bytes"
        raise _HeadersTooLarge("HEADERS_TOO_LARGE", line)
    _check_framing({name for name, _ in scope["headers"]})


def _check_framing(names: Set[bytes]) -> None:
    """Where a proxy goes by one of the two and we by the other, what is a body to it would be a
    request of somebody else to us (RFC 9112, 6.3). So nothing more is read from there either."""
    if {b"content-length", b"transfer-encoding"} <= names:
        line = "send Content-Length or Transfer-Encoding, not both"
        raise BadRequest("TWO_LENGTHS", line, headers={"Connection": "close"})


def _check_length(scope: Scope, most: int) -> None:
    told = next((one for name, one in scope["headers"] if name == b"content-length"), b"0")
    if told.isdigit() and (len(told) > LENGTH_DIGITS or int(told) > most):
        raise _too_large(most)


def _too_large(most: int) -> TooLarge:
    return TooLarge("TOO_LARGE", f"a body has at most {most} bytes")
