"""Looks again and again at what no service can tell of itself, for the metrics page."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from services.evidence.losses import Losses, look_for_losses
from services.evidence.store import EvidenceStore
from services.gateway import metrics
from services.gateway.answers import STEPS
from services.gateway.looks import Looks
from services.runtime.process import utc_now
from services.runtime.rights import PROJECTION

PAUSE_SECONDS, LOOK_SECONDS = 15.0, 10.0
STARTS_OF, MOST_STARTS = timedelta(minutes=5), 1_000
log = structlog.get_logger()


class Starts(Protocol):
    """What is asked of the notes of starts (store.py)."""

    async def sent_between(self, start: datetime, end: datetime, limit: int) -> list[str]: ...


class Sagas(Protocol):
    """What is asked of the projection (saga_state/store.py)."""

    async def known(self, saga_ids: Collection[str]) -> set[str]: ...


@dataclass(frozen=True, slots=True)
class Eyes:
    """What is looked at. What was said `lost_seconds` ago and not heard is lost."""

    looks: Looks
    store: EvidenceStore
    starts: Starts
    sagas: Sagas
    lost_seconds: float


async def gauge_for_ever(eyes: Eyes) -> None:
    """Every quarter of a minute. What does not answer is shown as not known."""
    while True:
        seen = await eyes.looks.health(utc_now())
        for service in (*STEPS, PROJECTION):
            metrics.show_service(service, seen.checks[service])
        found = await _losses(eyes, lag_seconds(seen.checks[PROJECTION]))
        for step in STEPS:
            metrics.show_loss(step, *_of(found, step))
        metrics.show_lost_starts(found[1] if found else None)
        await asyncio.sleep(PAUSE_SECONDS)


def lag_seconds(check: Mapping[str, Any]) -> float | None:
    """How far the projection is behind; None: not known."""
    if check.get("lag_records") == 0:
        return 0.0
    seconds: float | None = check.get("lag_seconds")
    return seconds


async def lost_starts(starts: Starts, sagas: Sagas, before: datetime) -> int:
    """How many of the starts of five minutes before that time, at most a thousand, the projection
    has not heard."""
    sent = await starts.sent_between(before - STARTS_OF, before, MOST_STARTS)
    return len(set(sent) - await sagas.known(sent)) if sent else 0


def _of(found: tuple[Losses, int] | None, step: str) -> tuple[int | None, int | None]:
    return (found[0].lost[step], found[0].unwatched[step]) if found else (None, None)


async def _losses(eyes: Eyes, behind_seconds: float | None) -> tuple[Losses, int] | None:
    """What the projection has not come to yet is not lost. None: a server does not answer."""
    if behind_seconds is None:
        return None
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            now = await eyes.store.now()
            before = now - timedelta(seconds=eyes.lost_seconds + behind_seconds)
            found = await look_for_losses(eyes.store, STEPS, before, now)
            return found, await lost_starts(eyes.starts, eyes.sagas, before)
    except Exception as error:  # of the driver: whatever it is, nobody could look
        log.warning("losses.not_known", error=type(error).__name__)
        return None
