"""One trace from whoever asked to the projection, through processes, brokers and databases."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from over_http import Portal, an_order, portal

from tests.conftest import RealServers
from tests.integration import starts
from tests.integration.collector import Collector, Span, collecting
from tests.integration.outside import EVENTS, STEPS
from tests.integration.polling import until, until_nothing

CALLED = ("documents", "campaigns", "recruitment")
SOON = {"OTEL_BSP_SCHEDULE_DELAY": "100"}


@pytest.fixture(scope="module")
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as one:
        yield one


@pytest.fixture(scope="module")
async def traced(
    real_servers: RealServers, tmp_path_factory: pytest.TempPathFactory, collector: Collector
) -> AsyncIterator[Portal]:
    """All services and a gateway, with outside systems, sending their spans to the collector."""
    folder, prefix = tmp_path_factory.mktemp("traces"), f"t{uuid4().hex[:10]}-"
    env = {"ONBOARDING_OTLP_ENDPOINT": collector.url, **SOON}
    async with portal(
        real_servers.kafka, real_servers.mongo, prefix, folder, env=env, platform=True
    ) as one:
        yield one


def expected(prefix: str) -> set[tuple[str, str]]:
    """The hops of a saga that completes: who does what to which topic, system or collection."""
    progress = [f"{prefix}onboarding.{name}" for name in EVENTS[:6]]
    ended = f"{prefix}onboarding.partner-onboarding-completed"
    hops = {(step, f"process {topic}") for step, topic in zip(STEPS, progress[:5], strict=True)}
    hops |= {(step, f"send {topic}") for step, topic in zip(STEPS, progress[1:], strict=True)}
    hops |= {("saga-state", f"process {topic}") for topic in (*progress, ended)}
    hops |= {("saga-state", name) for name in ("insert events", "bulkWrite sagas")}
    hops |= {(step, "bulkWrite steps") for step in STEPS} | {
        (step, f"PUT {step}") for step in CALLED
    }
    return hops | {("recruitment", f"send {ended}")}


async def trace(
    collector: Collector, trace_id: str, hops: set[tuple[str, str]], above: str
) -> list[Span]:
    """All its spans, once every hop is among them, and every one is beneath another or `above`."""

    async def missing() -> list[object]:
        spans = collector.of_trace(trace_id)
        return [
            *sorted(hops - {(one.service, one.name) for one in spans}),
            *loose_ends(spans) - {above},
        ]

    await until_nothing(f"missing in trace {trace_id}", missing)
    return collector.of_trace(trace_id)


def loose_ends(spans: list[Span]) -> set[str]:
    """Parents that no span of the trace is."""
    return {one.parent_id for one in spans} - {one.span_id for one in spans}


def a_context() -> tuple[str, str, str]:
    """A trace id, a span id, and the traceparent that names them."""
    trace_id, span_id = uuid4().hex, uuid4().hex[:16]
    return trace_id, span_id, f"00-{trace_id}-{span_id}-01"


async def test_a_request_and_all_that_it_leads_to_is_one_trace(
    traced: Portal, collector: Collector
):
    trace_id, span_id, traceparent = a_context()
    asked = await traced.first.post(
        "/sagas/partner-onboarding", json=an_order(), headers={"traceparent": traceparent}
    )
    saga = await traced.system.ended(an_id := asked.json()["correlation_id"])
    assert saga["status"] == "COMPLETED", an_id
    prefix = traced.system.prefix
    hops = expected(prefix) | {
        ("gateway", "POST /sagas/partner-onboarding"),
        ("gateway", f"send {traced.system.start_topic}"),
        ("gateway", "insert starts"),
        ("gateway", "update starts"),
    }
    spans = await trace(collector, trace_id, hops, above=span_id)
    assert span_id in loose_ends(spans)
    elsewhere = [one for one in collector.spans if one.trace_id != trace_id]
    assert saga["_id"] not in {one.attributes.get("onboarding.saga_id") for one in elsewhere}


async def test_a_producer_on_kafka_finds_the_saga_in_its_own_trace(
    traced: Portal, collector: Collector
):
    trace_id, span_id, traceparent = a_context()
    sent = starts.start(correlation_id=trace_id).with_headers(traceparent=traceparent)
    await starts.send(traced.system.kafka, traced.system.start_topic, sent)
    assert (await traced.system.ended(trace_id))["status"] == "COMPLETED"
    spans = await trace(collector, trace_id, expected(traced.system.prefix), above=span_id)
    assert span_id in loose_ends(spans)


async def test_a_start_that_names_no_trace_is_one_all_the_same(
    traced: Portal, collector: Collector
):
    correlation_id = uuid4().hex
    sent = starts.start(correlation_id=correlation_id)
    await starts.send(traced.system.kafka, traced.system.start_topic, sent)
    saga = await traced.system.ended(correlation_id)

    def of_saga() -> set[str]:
        mine = saga["_id"]
        told = [one for one in collector.spans if one.attributes.get("onboarding.saga_id") == mine]
        return {one.trace_id for one in told}

    async def begun() -> bool:
        return bool(of_saga())

    await until("a span of the saga", begun)
    spans = await trace(collector, of_saga().pop(), expected(traced.system.prefix), above="")
    assert of_saga() == {spans[0].trace_id}


async def test_what_is_sent_to_the_collector_has_nothing_personal_in_it(
    traced: Portal, collector: Collector
):
    order = an_order(nombre="Verysecret Ltd", partner_id=f"p-verysecret-{uuid4().hex[:8]}")
    saga = (await traced.first.post("/sagas/partner-onboarding", json=order)).json()
    await traced.system.ended(saga["correlation_id"])

    async def told() -> bool:
        return any(
            one.service == "saga-state"
            and one.attributes.get("onboarding.saga_id") == saga["saga_id"]
            for one in collector.spans
        )

    await until("spans of the saga", told)
    sent = b"".join(collector.raw).lower()
    for word in (
        order["partner_data"]["email"],
        order["correlation_id"],
        "verysecret",
        "+1234567890",
    ):
        assert word.encode() not in sent
