"""Trace contexts: what is read of `traceparent`, what is sent, which trace begins where none is."""

import pytest
from opentelemetry.sdk.trace import TracerProvider

from services.runtime.tracing.contexts import (
    NO_PARENT,
    TraceIds,
    named_trace,
    parent_in,
    span_context,
    traceparent_of,
)

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
NONE = [
    None,
    "",
    "00",
    PARENT.upper(),
    f"{PARENT} ",
    f"00-{'0' * 32}-00f067aa0ba902b7-01",
    f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
]


def a_tracer():
    return TracerProvider(id_generator=TraceIds(), shutdown_on_exit=False).get_tracer("test")


@pytest.mark.parametrize("text", NONE)
def test_what_names_no_span_has_no_parent(text):
    assert span_context(text) is None
    assert parent_in(text) is NO_PARENT


@pytest.mark.parametrize("flags", ["00", "01", "03"])
def test_a_span_beneath_one_that_is_named_is_of_its_trace(flags):
    span = a_tracer().start_span("x", parent_in(PARENT[:-2] + flags))
    told = traceparent_of(span) or ""
    assert told[:36] == PARENT[:36]
    assert told[36:52] != PARENT[36:52]
    assert int(told[-2:], 16) & 1 == int(flags, 16) & 1


def test_the_same_names_begin_the_same_trace_and_others_another():
    def begun(*names: str) -> int:
        with named_trace(*names):
            return a_tracer().start_span("x", NO_PARENT).get_span_context().trace_id

    assert begun("/crm", "1", "") == begun("/crm", "1", "")
    assert len({begun("/crm", "1", ""), begun("/crm", "11", ""), begun("/crm", "1", "r")}) == 3


def test_without_names_each_trace_is_another():
    one, other = (a_tracer().start_span("x", NO_PARENT) for _ in range(2))
    assert one.get_span_context().trace_id != other.get_span_context().trace_id
