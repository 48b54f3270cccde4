"""The span of a request: method, route, status; nothing of its path, query, headers or errors."""

from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, get_current_span

from contracts.envelope import Message
from services.gateway.traced import PROBES, Traced
from services.runtime.memory import MemoryLog
from services.runtime.tracing.ports import TracedLog
from services.runtime.tracing.spans import Tracing

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Traces:
    """An app of three routes, and its spans."""

    def __init__(self) -> None:
        self._kept = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self.tracing = Tracing("gateway", provider.get_tracer("test"), _nothing)
        self.app, self.log = FastAPI(), MemoryLog(lambda: datetime.now(UTC))
        traced = TracedLog(self.log, self.tracing)

        @self.app.get("/sagas/{any_id}")
        async def saga(any_id: str) -> dict[str, str]:
            await traced.publish([Message("e-1", "a-topic", b"k", b"v", ())])
            return {"span": f"{get_current_span().get_span_context().span_id:016x}"}

        @self.app.get("/bug")
        async def bug() -> None:
            raise ValueError("ana@secret.example")

        for probe in PROBES:
            self.app.get(probe)(_nothing)

    @property
    def spans(self):
        return self._kept.get_finished_spans()

    async def get(self, path: str, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(Traced(self.app, self.tracing), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.get(path, headers=headers)


async def _nothing() -> None:
    """A route, or the end of tracing."""


@pytest.fixture
def traces() -> Traces:
    return Traces()


async def test_a_request_is_named_by_its_route_and_goes_on_with_the_trace_of_its_caller(traces):
    answer = await traces.get("/sagas/secret-id?q=secret", traceparent=PARENT)
    sent, request = traces.spans
    assert request.name == "GET /sagas/{any_id}"
    assert f"{request.context.trace_id:032x}" == PARENT[3:35]
    assert f"{request.parent.span_id:016x}" == PARENT[36:52]
    assert answer.json()["span"] == f"{request.context.span_id:016x}"
    assert request.attributes["http.response.status_code"] == 200
    assert "secret" not in repr([(one.name, one.attributes) for one in traces.spans])
    assert sent.parent.span_id == request.context.span_id


async def test_what_a_request_publishes_names_the_span_of_its_sending(traces):
    await traces.get("/sagas/p-1")
    sent, _ = traces.spans
    (record,) = traces.log.records("a-topic")
    assert dict(record.headers)["traceparent"].decode()[36:52] == f"{sent.context.span_id:016x}"


async def test_of_an_error_the_kind_is_told_and_nothing_of_its_text(traces):
    await traces.get("/bug")
    (span,) = traces.spans
    assert (span.status.status_code, span.attributes["error.type"]) == (
        StatusCode.ERROR, "ValueError",
    )  # fmt: skip
    assert (span.events, span.status.description) == ((), None)


async def test_a_path_without_a_route_does_not_name_a_span(traces):
    await traces.get("/secret")
    (span,) = traces.spans
    assert span.name == "GET"


async def test_two_contexts_count_as_none(traces):
    transport = httpx.ASGITransport(Traced(traces.app, traces.tracing))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        await client.get("/sagas/1", headers=[("traceparent", PARENT), ("traceparent", PARENT)])
    assert traces.spans[-1].parent is None


@pytest.mark.parametrize("probe", sorted(PROBES))
async def test_probes_make_no_spans(traces, probe):
    await traces.get(probe)
    assert traces.spans == ()
