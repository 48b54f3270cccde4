"""The gateway's metrics: requests, and what it sees of the services and the sagas.

It looks at all of them, dead ones too, which could not tell how far behind they are.
"""

from collections.abc import Mapping
from math import nan
from typing import Any

from prometheus_client import Gauge, Histogram
from starlette.types import Scope

from services.runtime.metrics import REGISTRY

REQUEST_SECONDS = Histogram(
    "onboarding_gateway_request_seconds",
    "Time to answer a request, by route and status",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
STREAMS = Gauge("onboarding_gateway_streams", "Event streams that are open", registry=REGISTRY)
INSTANCES = Gauge(
    "onboarding_instances",
    "Processes of a service that have said within 15 s that they live",
    ["service"],
    registry=REGISTRY,
)
LAG_RECORDS = Gauge(
    "onboarding_consumer_lag_records",
    "Events that the group of a service has not read; NaN: the broker does not tell",
    ["service"],
    registry=REGISTRY,
)
LAG_SECONDS = Gauge(
    "onboarding_consumer_lag_seconds",
    "How old the oldest event is that the group of a service has not read (0: it has read all); "
    "NaN: the broker does not tell",
    ["service"],
    registry=REGISTRY,
)
LOST = Gauge(
    "onboarding_events_lost",
    "Sagas whose step has said its event, by its own document, which the projection has not heard "
    "within ONBOARDING_EVENTS_LOST_SECONDS of reading past that time (gateway: starts it noted "
    "as sent); NaN: not known",
    ["step"],
    registry=REGISTRY,
)
UNWATCHED = Gauge(
    "onboarding_sagas_unwatched",
    "Sagas whose step is overdue and has not taken them, while the step before it has no watch "
    "on it; NaN: not known",
    ["step"],
    registry=REGISTRY,
)
_STREAMS = frozenset({"/sagas/{any_id}/events", "/dashboard/sagas/{any_id}/changes"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def observe(scope: Scope, status: int, seconds: float) -> None:
    """The route as it is declared, not the path: that has ids, and anybody may make new ones."""
    route = getattr(scope.get("route"), "path", "none")
    if route in _STREAMS and status == 200:  # how long somebody listened is no time of ours
        return
    method = scope["method"] if scope["method"] in _METHODS else "other"
    REQUEST_SECONDS.labels(method, route, str(status or 499)).observe(seconds)


def show_service(service: str, check: Mapping[str, Any]) -> None:
    """What the health page tells of a service (looks.py)."""
    records, seconds = check.get("lag_records"), check.get("lag_seconds")
    INSTANCES.labels(service).set(_number(check.get("instances")))
    LAG_RECORDS.labels(service).set(_number(records))
    LAG_SECONDS.labels(service).set(0 if records == 0 else _number(seconds))


def show_loss(step: str, lost: int | None, unwatched: int | None) -> None:
    """The sagas with an event of that step that was lost, and those that nobody watches."""
    LOST.labels(step).set(_number(lost))
    UNWATCHED.labels(step).set(_number(unwatched))


def show_lost_starts(lost: int | None) -> None:
    """The starts that were sent and not heard."""
    LOST.labels("gateway").set(_number(lost))


def _number(known: float | None) -> float:
    return nan if known is None else known
