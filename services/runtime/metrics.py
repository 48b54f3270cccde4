"""The metrics of a process, all named `onboarding_*`."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
CELLS = Counter(
    "onboarding_events_total",
    "What arrived at sagas, by the cell of the protocol's table it met",
    ["service", "cell"],
    registry=REGISTRY,
)
DEAD_LETTERS = Counter(
    "onboarding_dead_letters_total",
    "Records set aside, by error class",
    ["service", "error_class"],
    registry=REGISTRY,
)
BATCH_SECONDS = Histogram(
    "onboarding_batch_seconds",
    "Time to read, decide, record and say one batch",
    ["service"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
BATCH_RECORDS = Histogram(
    "onboarding_batch_records",
    "Records in one batch",
    ["service"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000),
    registry=REGISTRY,
)
RESENT = Counter(
    "onboarding_outbox_resent_total",
    "Outboxes that the sweeper sent because no mark said they were",
    ["service"],
    registry=REGISTRY,
)
CALLS = Counter(
    "onboarding_calls_total",
    "Calls to the step's outside system, by what was asked and answered (yes, no, later, bug)",
    ["service", "what", "answer"],
    registry=REGISTRY,
)
READY = Gauge("onboarding_ready", "1 if /readyz answers yes", ["service"], registry=REGISTRY)
