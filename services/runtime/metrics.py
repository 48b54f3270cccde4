"""The metrics of a process, all named `onboarding_*`; docs/metrics.md is made from them.

Base units, no ids as labels. Who counts keeps the children of labelled metrics: to look one up
costs more than to count.
"""

from collections.abc import Callable
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

T = TypeVar("T")
REGISTRY = CollectorRegistry()
QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
LONG = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400)


class Children(dict[str, T]):
    """The children of a metric by one label, each looked up once."""

    def __init__(self, make: Callable[[str], T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, value: str) -> T:
        child = self[value] = self._make(value)
        return child


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(f"onboarding_{name}", text, labels, registry=REGISTRY)


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    return Gauge(f"onboarding_{name}", text, labels, registry=REGISTRY)


def _histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...]) -> Histogram:
    return Histogram(f"onboarding_{name}", text, labels, buckets=buckets, registry=REGISTRY)


CELLS = _counter(
    "events_total",
    "What arrived at sagas, by the cell of the protocol's table it met",
    "service",
    "cell",
)
EVENT_LATENCY = _histogram(
    "event_latency_seconds",
    "From the time of an event until it was handled and what it led to was said, by topic",
    "service",
    "topic",
    buckets=LONG,
)
STEP_WAIT = _histogram(
    "step_wait_seconds",
    "From the event that a step waits for until it took it",
    "service",
    buckets=LONG,
)
STEP_DURATION = _histogram(
    "step_duration_seconds",
    "From the event that a step waits for until its answer was said",
    "service",
    "outcome",
    buckets=LONG,
)
OUTCOMES = _counter(
    "step_outcomes_total",
    "What became of steps (done, rejected, timed_out, parked, blocked), with the code of a no; "
    "a step that is silent is told of by the service before it",
    "service",
    "step",
    "outcome",
    "code",
)
UNDOS = _counter(
    "step_undos_total",
    "What became of undoing steps (undone, nothing_to_undo, resolved_by_operator, parked)",
    "service",
    "outcome",
)
EXPIRIES = _counter(
    "expiries_total",
    "Times that ran out: a step's own deadline, its watch on the step after it",
    "service",
    "what",
)
RETRIES = _counter(
    "retries_total",
    "Calls to the outside system that were not the first for what they ask (do, undo)",
    "service",
    "what",
)
PARKED = _counter(
    "parked_total", "Steps (do) and undos that began to wait for a person", "service", "what"
)
REDRIVEN = _counter(
    "redriven_total",
    "What persons asked for again: a parked step (do), its undo, a dead letter (letter)",
    "service",
    "what",
)
DEAD_LETTERS = _counter(
    "dead_letters_total", "Records set aside, by error class", "service", "error_class"
)
BATCH_SECONDS = _histogram(
    "batch_seconds",
    "Time to read, decide, record and say one batch",
    "service",
    buckets=QUICK,
)
BATCH_RECORDS = _histogram(
    "batch_records",
    "Records in one batch",
    "service",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000),
)
RESENT = _counter(
    "outbox_resent_total",
    "Outboxes that the sweeper sent because no mark said they were",
    "service",
)
OUTBOX_AGE = _gauge(
    "outbox_age_seconds",
    "How long the oldest message that is being sent has waited to be acknowledged by Kafka; what "
    "a dead worker left unsent is counted by onboarding_outbox_resent_total",
    "service",
)
CALLS = _counter(
    "calls_total",
    "Calls to the step's outside system, by what was asked and answered (yes, no, later, bug)",
    "service",
    "what",
    "answer",
)
CALL_SECONDS = _histogram(
    "call_seconds",
    "How long calls to the step's outside system took",
    "service",
    "what",
    buckets=QUICK,
)
SERVER_RETRIES = _counter(
    "server_retries_total",
    "Calls to a server (kafka, mongo) that failed and were made again",
    "server",
)
READY = _gauge("ready", "1 if /readyz answers yes", "service")
STARTED_AT = _gauge(
    "start_time_seconds",
    "When this process started, since 1970: it changes with a restart",
    "service",
)
FAIL_STOPS = _counter(
    "fail_stops_total",
    "How often this process stopped itself to lose nothing (exit code 70), told by whoever "
    "starts it again (ONBOARDING_FAIL_STOPS)",
    "service",
)


def begin(service: str, fail_stops: int) -> None:
    """What each process shows from its start; `fail_stops` is what it was told of its lives."""
    STARTED_AT.labels(service).set_to_current_time()
    FAIL_STOPS.labels(service).inc(fail_stops)
    for server in ("kafka", "mongo"):
        SERVER_RETRIES.labels(server)
