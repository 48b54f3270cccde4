"""The spans of a process: one for each event it hears; beneath it what that led to.

The trace context travels in the events. What is heard gets a span, and is handed on with the
context of that span in the place of the sayer's: so all that is decided from it, said in an
outbox, called or said again by a sweeper days later names it, and nobody in between has to know.

A span has ids of sagas and coordinates, and no value of any event. Ids that producers choose
(partner, correlation, event) are left out as well: people put addresses into them.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    NonRecordingSpan,
    Span,
    SpanKind,
    StatusCode,
    Tracer,
)
from opentelemetry.util.types import Attributes

from contracts.envelope import Event, Message, Record
from services.runtime.calls import Make
from services.runtime.document import Document, Position
from services.runtime.tracing.contexts import (
    NO_PARENT,
    is_sampled,
    named_trace,
    parent_in,
    span_context,
    traceparent_of,
    under,
)

OnBatch = Callable[[Sequence[Record]], Awaitable[None]]
TRACEPARENT, LETTER_ID = "traceparent", "dlq_id"
REDRIVE_ID, REPLAY_ID, REPLAYED = "dlq_redrive_id", "replay_id", "replay_traceparent"
KAFKA = {"messaging.system": "kafka"}
MONGO = {"db.system.name": "mongodb"}


@dataclass(slots=True)
class _Scope:
    """What is worked on now: the spans that end with it; by saga the one that was begun last."""

    spans: dict[str, Span] = field(default_factory=dict)
    of_saga: dict[str, Span] = field(default_factory=dict)
    records: int = 0


_SCOPE: ContextVar[_Scope | None] = ContextVar("scope", default=None)


@dataclass(frozen=True, slots=True)
class Tracing:
    """`stop` sends what is left, within some seconds."""

    service: str
    tracer: Tracer
    stop: Callable[[], Awaitable[None]]

    def around(self, on_batch: OnBatch) -> OnBatch:
        """What is heard in a batch has spans that last as long as the batch."""

        async def traced(batch: Sequence[Record]) -> None:
            scope = _Scope(records=len(batch))
            token = _SCOPE.set(scope)
            try:
                await on_batch(batch)
            finally:
                _SCOPE.reset(token)
                for span in scope.spans.values():
                    span.end()

        return traced

    def calling(self, make: Make) -> Make:
        """A call belongs to what its saga heard, and so does what its answer leads to."""

        async def traced(document: Document) -> None:
            scope = _Scope()
            if (told := span_context(document.traceparent)) is not None:
                scope.of_saga[document.context.saga_id] = NonRecordingSpan(told)
            token = _SCOPE.set(scope)
            try:
                await make(document)
            finally:
                _SCOPE.reset(token)

        return traced

    def hears(self, events: Sequence[Event]) -> list[Event]:
        """The events, each with the context of its own span. What its sayer does not sample is not
        sampled here either, and costs next to nothing."""
        scope = _SCOPE.get()
        return list(events) if scope is None else [self._hear(one, scope) for one in events]

    def met(self, event: Event, cell: str) -> None:
        """Which cell of the protocol's table an event met."""
        if (scope := _SCOPE.get()) and (span := scope.spans.get(event.traceparent or "")):
            span.set_attribute("onboarding.cell", cell)

    def belongs(self, document: Document) -> None:
        """What is heard now is about a saga that was begun in another trace: a link says which."""
        span = scope.of_saga.get(document.context.saga_id) if (scope := _SCOPE.get()) else None
        begun = span_context(document.trigger.traceparent) if document.trigger else None
        if span and begun and begun.trace_id != span.get_span_context().trace_id:
            span.add_link(begun)

    @contextmanager
    def asks_mongo(self, name: str, sagas: Mapping[str, str | None]) -> Iterator[None]:
        """One call for many sagas, in the trace of each: `name` is an operation and a collection.
        What was not heard just now belongs to the context that is given with its saga."""
        operation, collection = name.split()
        told: Attributes = {
            **MONGO,
            "db.operation.name": operation,
            "db.collection.name": collection,
            "db.operation.batch.size": len(sagas),
        }
        parents = [self._parent(saga, traceparent) for saga, traceparent in sagas.items()]
        spans = [
            self.tracer.start_span(name, one, SpanKind.CLIENT, told)
            for one in parents
            if is_sampled(one)
        ]
        with ended(*spans):
            yield

    @contextmanager
    def asks_outside(self, saga_id: str, method: str) -> Iterator[Span]:
        """A call to an outside system; it is the current span, so that its request names it."""
        told = {"http.request.method": method, "onboarding.saga_id": saga_id}
        parent = self._parent(saga_id, None)
        span = self.tracer.start_span(f"{method} {self.service}", parent, SpanKind.CLIENT, told)
        with ended(span), trace.use_span(span, record_exception=False):
            yield span

    def sends(self, message: Message) -> tuple[Message, Span]:
        """The message as it is sent, and the span of that: beneath the one it names, else beneath
        the current one. The copy in a dead letter stays what it was."""
        parent = parent_in(_header(message, TRACEPARENT))
        if parent is NO_PARENT:
            parent = under(trace.get_current_span())
        elif not is_sampled(parent):
            return message, INVALID_SPAN
        attributes = {
            **KAFKA,
            "messaging.operation.type": "send",
            "messaging.operation.name": "send",
            "messaging.destination.name": message.topic,
        }
        name = f"send {message.topic}"
        span = self.tracer.start_span(name, parent, SpanKind.PRODUCER, attributes)
        new = traceparent_of(span)
        if new is None or _header(message, LETTER_ID):
            return message, span
        kept = [pair for pair in message.headers if pair[0] != TRACEPARENT]
        return replace(message, headers=(*kept, (TRACEPARENT, new.encode()))), span

    def _hear(self, event: Event, scope: _Scope) -> Event:
        parent, links = _begun_by(event)
        if parent is not NO_PARENT and not is_sampled(parent):
            return event
        attributes: Attributes = {
            **KAFKA,
            "messaging.operation.type": "process",
            "messaging.operation.name": "process",
            "messaging.destination.name": event.record.topic,
            "messaging.destination.partition.id": str(event.record.partition),
            "messaging.kafka.offset": event.record.offset,
            "messaging.batch.message_count": scope.records,
            "onboarding.event": event.name,
            "onboarding.saga_id": event.context.saga_id,
            "onboarding.journey": event.context.journey_label,
        }
        name = f"process {event.record.topic}"
        with named_trace(event.source, event.event_id, _sent_again(event) or ""):
            span = self.tracer.start_span(name, parent, SpanKind.CONSUMER, attributes, links)
        traceparent = traceparent_of(span)
        if traceparent is None:
            return event
        scope.spans[traceparent] = scope.of_saga[event.context.saga_id] = span
        return replace(event, traceparent=traceparent)

    def _parent(self, saga_id: str, traceparent: str | None) -> Context:
        span = scope.of_saga.get(saga_id) if (scope := _SCOPE.get()) else None
        return parent_in(traceparent) if span is None else under(span)


@contextmanager
def ended(*spans: Span) -> Iterator[None]:
    """They end with the block. Of an error its kind is told: its text may hold personal data."""
    try:
        yield
    except BaseException as error:
        for span in spans:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", type(error).__name__)
        raise
    finally:
        for span in spans:
            span.end()


def stands_at(span: Span, position: Position) -> None:
    """Where what was sent stands in the log."""
    span.set_attribute("messaging.destination.partition.id", str(position.partition))
    span.set_attribute("messaging.kafka.offset", position.offset)


def _sent_again(event: Event) -> str | None:
    """The id of the redrive or replay that sent it once more."""
    return _header(event.record, REDRIVE_ID) or _header(event.record, REPLAY_ID)


def _begun_by(event: Event) -> tuple[Context, list[Link]]:
    """What was sent once more begins a trace of its own, and a link leads to that of before: it
    may be days later. What names no trace begins one."""
    if _sent_again(event) is None:
        return parent_in(event.traceparent), []
    before = span_context(_header(event.record, REPLAYED) or event.traceparent)
    return NO_PARENT, [Link(before)] if before else []


def _header(one: Record | Message, name: str) -> str | None:
    """Other clients send headers without a value, and values that are no text."""
    told = [value for header, value in one.headers if header == name and value]
    return told[-1].decode(errors="replace") if told else None
