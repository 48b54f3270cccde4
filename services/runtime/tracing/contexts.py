"""Trace contexts as the events carry them: W3C `traceparent`, to OpenTelemetry's and back."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, TraceFlags

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
NO_PARENT = Context()
_NAMED: ContextVar[int | None] = ContextVar("named", default=None)


def span_context(traceparent: str | None) -> SpanContext | None:
    """None: it names no span (W3C Trace Context, 3.2.2: an id of zeros counts as none)."""
    match = _TRACEPARENT.fullmatch(traceparent or "")
    if match is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in match.groups())
    found = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return found if found.is_valid else None


def parent_in(traceparent: str | None) -> Context:
    """What a span under it is begun with; no parent if it names none."""
    found = span_context(traceparent)
    return NO_PARENT if found is None else under(NonRecordingSpan(found))


def under(span: Span) -> Context:
    """What a span beneath another is begun with."""
    return trace.set_span_in_context(span, NO_PARENT)


def is_sampled(parent: Context) -> bool:
    """Whether what is beneath it is kept; nothing is, beneath nothing."""
    return trace.get_current_span(parent).get_span_context().trace_flags.sampled


def traceparent_of(span: Span) -> str | None:
    """What an event carries; None: tracing is switched off (OTEL_SDK_DISABLED)."""
    told = span.get_span_context()
    if not told.is_valid:
        return None
    return f"00-{told.trace_id:032x}-{told.span_id:016x}-{told.trace_flags:02x}"


class TraceIds(RandomIdGenerator):
    """What comes without a trace context begins a trace: at everybody who hears it the same one,
    for its id is made from the event's. A sampler of a share then takes all of it or nothing."""

    def generate_trace_id(self) -> int:
        """As `named_trace` said, else by chance."""
        return _NAMED.get() or super().generate_trace_id()


@contextmanager
def named_trace(*names: str) -> Iterator[None]:
    """A span that is begun within, without a parent, begins the trace of these names."""
    digest = hashlib.blake2b("\0".join(names).encode(), digest_size=16).digest()
    token = _NAMED.set(int.from_bytes(digest, "big"))
    try:
        yield
    finally:
        _NAMED.reset(token)
