"""An outside system over HTTP: PUT to do, DELETE to undo, with the keys that make both repeatable.

What an answer means: 2xx yes; 4xx with a problem body (RFC 9457) a business no; 408, 410, 425, 429,
5xx, no connection and no answer in time are transient; all else is a bug of one of the two sides,
401 always: it is about us, not about a partner. A 410 is a do that comes after its undo: the
platform keeps a tombstone, and the deadline decides.

Only the status and the content type count. Nothing of what was answered is kept, logged or told.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import quote

import httpx
import structlog

from services.runtime.outside import Later, OddAnswerError, Reply
from services.runtime.outside_access import Access
from services.runtime.step import Rejected

GONE, UNAUTHORIZED = 410, 401
TRANSIENT = frozenset({408, GONE, 425, 429})
PROBLEM = "application/problem+json"
MOST_READ_BYTES = 64 * 1024
log = structlog.get_logger()


@dataclass(slots=True)
class Silence:
    """How many calls in a row found nobody. The first, the tenth and every hundredth is logged."""

    calls: int = 0

    def goes_on(self, step: str, why: str) -> None:
        self.calls += 1
        if self.calls in {1, 10} or self.calls % 100 == 0:
            log.warning("outside.away", step=step, error=why, attempt=self.calls)

    def ends(self, step: str) -> None:
        if self.calls:
            log.info("outside.back", step=step, attempts=self.calls)
        self.calls = 0


@dataclass(frozen=True, slots=True)
class HttpOutside:
    """The system of one step at `url`. `no` is what its "no" means in this journey; a call ends
    after `seconds`, whatever the other side does."""

    client: httpx.AsyncClient
    url: str
    step: str
    no: Rejected
    seconds: float
    silence: Silence = field(default_factory=Silence)

    async def do(self, saga_id: str, body: Mapping[str, Any], /) -> Reply:
        """PUT <url>/<saga id>, Idempotency-Key: <saga id>:<step>:do."""
        return await self._ask("PUT", saga_id, "do", dict(body))

    async def undo(self, saga_id: str, /) -> Reply:
        """DELETE <url>/<saga id>, Idempotency-Key: <saga id>:<step>:undo."""
        reply = await self._ask("DELETE", saga_id, "undo", None)
        if isinstance(reply, Rejected):
            raise OddAnswerError("an undo was refused")
        return reply

    async def _ask(self, method: str, saga_id: str, what: str, body: Any) -> Reply:
        saga = _in_a_path(saga_id)
        headers = {"Idempotency-Key": f"{saga}:{self.step}:{what}"}
        reply: Reply | None = None
        why = ""
        try:
            async with (
                asyncio.timeout(self.seconds),
                self.client.stream(
                    method, f"{self.url}/{saga}", json=body, headers=headers
                ) as answer,
            ):
                reply = self._meaning(answer)
                await _read_a_little(answer)
        except (httpx.TransportError, TimeoutError) as error:
            if reply is None:  # else only the rest of an answer was lost, which says nothing
                why = type(error).__name__
                self.silence.goes_on(self.step, why)
        return reply or Later(why)

    def _meaning(self, answer: httpx.Response) -> Reply:
        status = answer.status_code
        if status in TRANSIENT - {GONE} or status >= 500:
            self.silence.goes_on(self.step, f"HTTP {status}")
            return Later(f"HTTP {status}")
        self.silence.ends(self.step)
        if status == GONE:
            return Later(f"HTTP {status}")
        if 200 <= status < 300:
            return "yes"
        if 400 <= status < 500 and status != UNAUTHORIZED and _is_problem(answer):
            return self.no
        raise OddAnswerError(f"HTTP {status}")


def http_client(access: Access, seconds: float, most: int) -> httpx.AsyncClient:
    """A client with every wait bounded. TLS is checked; redirects are not followed."""
    return httpx.AsyncClient(
        headers={"Authorization": f"Bearer {access.api_key}"} if access.api_key else {},
        verify=access.tls,
        timeout=httpx.Timeout(seconds),
        limits=httpx.Limits(max_connections=most, max_keepalive_connections=most),
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),  # none is kept
    )


async def _read_a_little(answer: httpx.Response) -> None:
    """To its end, so that the connection can be used again; but not for ever."""
    size = 0
    async for part in answer.aiter_raw():
        size += len(part)
        if size > MOST_READ_BYTES:
            return


def _is_problem(answer: httpx.Response) -> bool:
    kind: str = answer.headers.get("content-type", "")
    return kind.partition(";")[0].strip().lower() == PROBLEM


def _in_a_path(saga_id: str) -> str:
    """Ids of ours stay as they are; one that somebody forged cannot name another place."""
    return quote(saga_id, safe="").replace(".", "%2E")
