"""What a request that cannot be served is answered: RFC 9457 problems, and nothing of the input.

Problem
├── BadRequest        400  it cannot be read
├── NoKey             401  no key, or none that counts
├── NotAllowed        403  the key lacks a scope
├── NotThere          404  nothing of that name, or of another tenant
├── NoMethod          405  the route has other methods
├── Conflict          409  it contradicts what is there
├── TooLarge          413
├── Unprocessable     422  it can be read, and is wrong
├── TooMany           429
└── Unavailable       503  a server is away: unknown what became of it, a repeat is safe
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from contracts.envelope import time_text

MEDIA_TYPE = "application/problem+json"
FIELD_MAX = 100


class Problem(Exception):
    """`codigo` is for programs, `detail` for a person: what is wrong, where, how to mend it."""

    status = 500

    def __init__(
        self,
        codigo: str,
        detail: str,
        *,
        saga_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.codigo, self.detail, self.saga_id = codigo, detail, saga_id
        self.headers, self.more = dict(headers or {}), more


class BadRequest(Problem):
    status = 400


class NoKey(Problem):
    status = 401

    def __init__(self, detail: str) -> None:
        super().__init__("NO_VALID_KEY", detail, headers={"WWW-Authenticate": "Bearer"})


class NotAllowed(Problem):
    status = 403


class NotThere(Problem):
    status = 404


class NoMethod(Problem):
    status = 405

    def __init__(self, headers: Mapping[str, str] | None) -> None:
        super().__init__("NO_SUCH_METHOD", "this route has other methods", headers=headers)


class Conflict(Problem):
    status = 409


class TooLarge(Problem):
    status = 413


class Unprocessable(Problem):
    status = 422


class TooMany(Problem):
    status = 429

    def __init__(self, detail: str, retry_after_seconds: int) -> None:
        after = {"Retry-After": str(max(1, retry_after_seconds))}
        super().__init__("TOO_MANY_REQUESTS", detail, headers=after)


class Unavailable(Problem):
    status = 503

    def __init__(self, detail: str, **more: Any) -> None:
        super().__init__("UNAVAILABLE", detail, headers={"Retry-After": "5"}, **more)


def body_of(problem: Problem, path: str, now: datetime) -> dict[str, Any]:
    """The JSON of a problem: the members of RFC 9457, and `error`, `codigo`, `saga_id`,
    `timestamp`, which clients of the older API read."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "instance": path,
        "error": problem.detail,
        "codigo": problem.codigo,
        "saga_id": problem.saga_id,
        "timestamp": time_text(now),
        **problem.more,
    }


def wrong_fields(errors: Sequence[Mapping[str, Any]]) -> Unprocessable:
    """Of pydantic's errors: which fields, and what is wrong with each; not what stood in them."""
    named = [{"field": _field(one["loc"]), "error": str(one["msg"])} for one in errors[:20]]
    first = named[0] if named else {"field": "body", "error": "is wrong"}
    line = f"{first['field'] or 'body'}: {first['error']}"
    return Unprocessable("INVALID_REQUEST", line, errors=named)


def _field(place: Sequence[object]) -> str:
    """A field that is not known has the name that the caller gave it: not more than its head."""
    return ".".join(str(part) for part in place)[:FIELD_MAX]
