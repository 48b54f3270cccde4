"""The span of a request: what it leads to is beneath it, from the first write to the last step."""

from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.runtime.tracing.contexts import parent_in
from services.runtime.tracing.spans import Tracing, ended

PROBES = frozenset({"/livez", "/readyz", "/health", "/metrics"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Traced:
    """Wraps the app. Of a request method, route and status are told; not its path, which has ids
    in it, nor its address."""

    def __init__(self, app: ASGIApp, tracing: Tracing) -> None:
        self._app, self._tracer = app, tracing.tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        told = {"http.request.method": method, "url.scheme": scope["scheme"]}
        span = self._tracer.start_span(method, parent_in(_sent(scope)), SpanKind.SERVER, told)

        async def seen(message: Message) -> None:
            if message["type"] == "http.response.start":
                span.set_attribute("http.response.status_code", message["status"])
                if message["status"] >= 500:
                    span.set_status(StatusCode.ERROR)
            await send(message)

        with ended(span), trace.use_span(span, record_exception=False):
            await self._app(scope, receive, seen)
            route = getattr(scope.get("route"), "path", None)
            if route is not None:
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)


def _sent(scope: Scope) -> str | None:
    """Its `traceparent`; W3C Trace Context, 3.2: sent twice it counts as none."""
    told = [value for name, value in scope["headers"] if name == b"traceparent"]
    return told[0].decode("latin-1") if len(told) == 1 else None
