"""Waiting for a server that is away: capped backoff and jitter, until it answers."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from services.runtime import metrics
from services.runtime.vitals import Vitals

T = TypeVar("T")
BASE_SECONDS = 0.1
CAP_SECONDS = 5.0
log = structlog.get_logger()


def pause_seconds(attempt: int, chance: Callable[[], float] = random.random) -> float:
    """The pause after the attempt-th failure (from 1): full jitter under a doubling cap."""
    most = min(CAP_SECONDS, BASE_SECONDS * 2.0 ** min(attempt, 30))
    return most * (0.5 + chance() / 2)


async def patiently(
    server: str,
    vitals: Vitals,
    call: Callable[[], Awaitable[T]],
    transient: Callable[[BaseException], bool],
) -> T:
    """The call's result, however long the server is away. Any other error is raised."""
    attempt = 0
    while True:
        try:
            result = await call()
        except Exception as error:
            if not transient(error):
                raise
            end_if_told()
            attempt += 1
            vitals.waits(server, type(error).__name__)
            metrics.SERVER_RETRIES.labels(server).inc()
            if attempt in {1, 10} or attempt % 100 == 0:
                log.warning(
                    "server.away", server=server, error=type(error).__name__, attempt=attempt
                )
            await asyncio.sleep(pause_seconds(attempt))
        else:
            if attempt:
                log.info("server.back", server=server, attempts=attempt)
            vitals.answered(server)
            return result


def end_if_told() -> None:
    """Whoever waits was told to end, and a library kept it to itself: `asyncio.wait_for` does so
    before Python 3.12 if what it waits for is done in that moment. Nobody would tell it again."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
