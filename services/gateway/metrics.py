"""How many requests there were of each route, how they ended, how long they took."""

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
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def observe(scope: Scope, status: int, seconds: float) -> None:
    """The route as it is declared, not the path: that has ids, and anybody may make new ones."""
    route = getattr(scope.get("route"), "path", "none")
    if route.endswith("/events") and status == 200:  # how long somebody listened is no time of ours
        return
    method = scope["method"] if scope["method"] in _METHODS else "other"
    REQUEST_SECONDS.labels(method, route, str(status or 499)).observe(seconds)
