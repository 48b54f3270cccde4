"""An outside system over HTTP: PUT to do, DELETE to undo, with the keys that make both repeatable.

What an answer means: 2xx yes; 4xx with a problem body (RFC 9457) a business no; 408, 410, 425, 429,
5xx, no connection and no answer in time are transient; all else is a bug of one of the two sides.
A 410 is a do that comes after its undo: the platform keeps a tombstone, and the deadline decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from services.runtime.outside import Reply
from services.runtime.step import Rejected

TRANSIENT = frozenset({408, 410, 425, 429})
PROBLEM = "application/problem+json"


class OddAnswerError(Exception):
    """The outside system answered something that its contract does not have."""


@dataclass(frozen=True, slots=True)
class HttpOutside:
    """The system of one step at `url`. `no` is what its "no" means in this journey."""

    client: httpx.AsyncClient
    url: str
    step: str
    no: Rejected

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
        headers = {"Idempotency-Key": f"{saga_id}:{self.step}:{what}"}
        try:
            async with self.client.stream(
                method, f"{self.url}/{saga_id}", json=body, headers=headers
            ) as answer:
                return self._meaning(answer)
        except httpx.TransportError:
            return "later"

    def _meaning(self, answer: httpx.Response) -> Reply:
        status = answer.status_code
        if 200 <= status < 300:
            return "yes"
        if status in TRANSIENT or status >= 500:
            return "later"
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        if 400 <= status < 500 and kind == PROBLEM:
            return self.no
        raise OddAnswerError(f"HTTP {status}")


def http_client(api_key: str | None, timeout_seconds: float, most: int) -> httpx.AsyncClient:
    """A client with every wait bounded. TLS is checked; redirects are not followed."""
    return httpx.AsyncClient(
        headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
        timeout=httpx.Timeout(timeout_seconds),
        limits=httpx.Limits(max_connections=most, max_keepalive_connections=most),
        follow_redirects=False,
        trust_env=False,
    )
