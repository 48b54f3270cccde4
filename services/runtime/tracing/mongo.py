"""Spans of what is asked of MongoDB on account of one request: beneath its span, while that runs.

Batches ask for many sagas at once; theirs are made by the traced ports.
"""

from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from services.runtime.tracing.contexts import under
from services.runtime.tracing.spans import MONGO

TOLD = frozenset(
    {"aggregate", "count", "delete", "find", "findAndModify", "getMore", "insert", "update"}
)


class MongoSpans(CommandListener):
    """Of a command its name and collection are told, nothing of what is in it."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._open: dict[int, Span] = {}

    def started(self, event: CommandStartedEvent) -> None:
        """Called by the driver, in the task that asks."""
        span = trace.get_current_span()
        if event.command_name not in TOLD or not span.is_recording():
            return
        collection = _collection(event.command_name, event.command)
        told = {
            **MONGO,
            "db.operation.name": event.command_name,
            "db.namespace": event.database_name,
            "db.collection.name": collection,
        }
        self._open[event.request_id] = self._tracer.start_span(
            f"{event.command_name} {collection}", under(span), SpanKind.CLIENT, told
        )

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """See `started`."""
        if span := self._open.pop(event.request_id, None):
            span.end()

    def failed(self, event: CommandFailedEvent) -> None:
        """The text of a failure may have values in it: it is left out."""
        if span := self._open.pop(event.request_id, None):
            span.set_status(StatusCode.ERROR)
            span.end()


def _collection(name: str, command: Any) -> str:
    return str(command["collection"] if name == "getMore" else command[name])
