"""The metrics of the projection: what became of sagas, how old what it shows is, who waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from contracts.journey import JOURNEYS
from saga_state.document import statuses
from saga_state.status import ENDED
from saga_state.turns import Turn

REGISTRY = CollectorRegistry()
SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 1_800, 7_200, 86_400, 604_800)
DELAYS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200)
BEGUN = Counter(
    "onboarding_sagas_started_total",
    "Sagas whose start was projected",
    ["journey"],
    registry=REGISTRY,
)
ENDED_SAGAS = Counter(
    "onboarding_sagas_ended_total",
    "Sagas that ended, by status; one that is undone after it completed ends twice",
    ["journey", "status"],
    registry=REGISTRY,
)
DURATION = Histogram(
    "onboarding_saga_duration_seconds",
    "From the start of a saga until it ended for the first time, by status",
    ["journey", "status"],
    buckets=SECONDS,
    registry=REGISTRY,
)
UNDO_REQUESTED = Counter(
    "onboarding_compensations_requested_total",
    "Sagas that were asked to be undone, by whom (service, person)",
    ["journey", "by"],
    registry=REGISTRY,
)
UNDO_COMPLETED = Counter(
    "onboarding_compensations_completed_total",
    "Sagas whose undoing was completed",
    ["journey"],
    registry=REGISTRY,
)
UNDO_FAILED = Counter(
    "onboarding_compensations_failed_total",
    "Sagas of which the undo of a step was set aside: it waits for a person",
    ["journey"],
    registry=REGISTRY,
)
UNDO_DURATION = Histogram(
    "onboarding_compensation_duration_seconds",
    "From the request to undo a saga until all of it was undone",
    ["journey"],
    buckets=SECONDS,
    registry=REGISTRY,
)
DELAY = Histogram(
    "onboarding_projection_delay_seconds",
    "From the oldest event of a batch until all of the batch could be seen, once a batch",
    buckets=DELAYS,
    registry=REGISTRY,
)
SAGAS = Gauge(
    "onboarding_sagas",
    "Sagas that have not ended, by status",
    ["status"],
    registry=REGISTRY,
)
STATUS_OLDEST = Gauge(
    "onboarding_sagas_status_oldest_seconds",
    "How long nothing was heard of the saga that has waited longest in this status (0: none)",
    ["status"],
    registry=REGISTRY,
)
WAITING = Gauge(
    "onboarding_sagas_waiting",
    "Sagas that have not ended, by the step that must act",
    ["step"],
    registry=REGISTRY,
)
OLDEST = Gauge(
    "onboarding_sagas_oldest_seconds",
    "How long nothing was heard of the saga that has waited longest for this step (0: none waits)",
    ["step"],
    registry=REGISTRY,
)
OVERDUE = Gauge(
    "onboarding_sagas_overdue",
    "Sagas whose step should have answered by now",
    registry=REGISTRY,
)
STORED = Gauge(
    "onboarding_sagas_stored",
    "Sagas that are kept, ended ones included (the estimate of MongoDB)",
    registry=REGISTRY,
)


@dataclass(frozen=True, slots=True)
class UnderWayNow:
    """Of all tenants: by status and by step how many, and the time of the longest unchanged.

    `overdue` and `stored` are counts of sagas.
    """

    by_status: Mapping[str, tuple[int, datetime]]
    by_step: Mapping[str, tuple[int, datetime]]
    overdue: int
    stored: int


def begin() -> None:
    """Every series that is known from the start, at 0."""
    for journey in {journey.name for journey in JOURNEYS.values()}:
        for metric in (BEGUN, UNDO_COMPLETED, UNDO_FAILED, UNDO_DURATION):
            metric.labels(journey)
        for status in sorted(ENDED):
            DURATION.labels(journey, status)
            ENDED_SAGAS.labels(journey, status)
        for by in ("service", "person"):
            UNDO_REQUESTED.labels(journey, by)


def count(turns: Sequence[Turn], oldest: datetime | None, now: datetime) -> None:
    """What a batch has shown; `oldest` is the time of its oldest event."""
    if oldest is not None:
        DELAY.observe(_age(oldest, now))
    for turn in turns:
        match turn.what:
            case "began":
                BEGUN.labels(turn.journey).inc()
            case "ended":
                ENDED_SAGAS.labels(turn.journey, turn.label).inc()
                if turn.seconds is not None:
                    DURATION.labels(turn.journey, turn.label).observe(turn.seconds)
            case "undo_requested":
                UNDO_REQUESTED.labels(turn.journey, turn.label).inc()
            case "undo_completed":
                UNDO_COMPLETED.labels(turn.journey).inc()
                if turn.seconds is not None:
                    UNDO_DURATION.labels(turn.journey).observe(turn.seconds)
            case "undo_failed":
                UNDO_FAILED.labels(turn.journey).inc()


def show(seen: UnderWayNow, now: datetime) -> None:
    """How it stands now; of what no saga has the gauges say 0."""
    steps = {step for journey in JOURNEYS.values() for step in journey.step_names}
    for status in set(statuses()) - ENDED | set(seen.by_status):
        number, since = seen.by_status.get(status, (0, now))
        SAGAS.labels(status).set(number)
        STATUS_OLDEST.labels(status).set(_age(since, now))
    for step in steps | set(seen.by_step):
        number, since = seen.by_step.get(step, (0, now))
        WAITING.labels(step).set(number)
        OLDEST.labels(step).set(_age(since, now))
    OVERDUE.set(seen.overdue)
    STORED.set(seen.stored)


def _age(since: datetime, now: datetime) -> float:
    """0 where clocks disagree on what came first."""
    return max(0.0, (now - since).total_seconds())
