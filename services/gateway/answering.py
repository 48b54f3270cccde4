"""From what was raised to the answer: a problem as JSON; what nobody foresaw goes into the log."""

from datetime import UTC, datetime

import structlog
from fastapi import Response

from services.gateway.problems import MEDIA_TYPE, Problem, Unavailable, body_of
from services.gateway.replies import json_bytes
from services.runtime.mongo import transient
from services.runtime.vitals import where

log = structlog.get_logger()


def problem_response(problem: Problem, path: str) -> Response:
    """As application/problem+json."""
    body = json_bytes(body_of(problem, path, datetime.now(UTC)))
    return Response(body, problem.status, problem.headers, MEDIA_TYPE)


def problem_of(error: Exception) -> Problem:
    """What it is to whoever asked: a problem as such, a server that is away, or our mistake."""
    if isinstance(error, Problem):
        return error
    if transient(error) or isinstance(error, TimeoutError):
        log.warning("server.away", error=type(error).__name__)
        return Unavailable("a server that this needs does not answer; ask again")
    log.error("request.failed", error=where(error))
    return Problem("UNFORESEEN", "this should not have happened; the log knows it by X-Request-ID")
