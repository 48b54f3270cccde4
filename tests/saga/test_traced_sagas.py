"""Traces of whole sagas: one for what somebody asked, through every step, whoever asked it how."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from saga_played import by_hand, platform, request, saga_of, start
from saga_traced import (
    NOT_SAMPLED,
    PRODUCER,
    TRACE,
    TracedWorld,
    all_words,
    id_of,
    parent_of,
    trace_of,
)

from contracts.envelope import Message
from services.runtime.sweeper import say_again

TOPICS = (
    "partner-onboarding-initiated",
    "partner-registration-completed",
    "contract-created",
    "documents-verified",
    "campaigns-enabled",
)
STEPS = ("registration", "contract", "documents", "campaigns", "recruitment")


def carrying(message: Message, traceparent: str, **more: str) -> Message:
    added = {"traceparent": traceparent, **more}
    told = tuple((name, text.encode()) for name, text in added.items())
    return replace(message, headers=(*message.headers, *told))


async def completed(outside: bool = False, traceparent: str | None = PRODUCER) -> TracedWorld:
    one, first = TracedWorld(outside), start("ana")
    await one.world.publish(carrying(first, traceparent) if traceparent else first)
    await one.run()
    assert len(one.world.log.records("onboarding.partner-onboarding-completed")) == 1
    return one


async def test_the_trace_of_the_producer_goes_through_every_step():
    one = await completed()
    assert one.traces() == {TRACE}
    last = one.named("process onboarding.campaigns-enabled")[0]
    way = [f"{what} onboarding.{topic}" for topic in TOPICS[::-1] for what in ("process", "send")]
    assert [span.name for span in one.up_from(last)] == way[:-1]  # the first is the producer's
    assert parent_of(one.up_from(last)[-1]) == PRODUCER.split("-")[2]


async def test_each_hop_has_its_write_and_its_sending_beneath_it():
    one = await completed()
    for topic in TOPICS:
        hop = one.named(f"process onboarding.{topic}")
        beneath = {span.name.split()[0] for span in one.spans if parent_of(span) in map(id_of, hop)}
        assert beneath == {"bulkWrite", "send"}


async def test_calls_to_outside_systems_are_in_the_trace_and_so_is_what_they_lead_to():
    one = await completed(outside=True)
    assert one.traces() == {TRACE}
    asked = [span for span in one.spans if span.name.startswith("PUT ")]
    assert [span.name for span in asked] == [f"PUT {step}" for step in STEPS[2:]]
    assert {span.attributes["onboarding.answer"] for span in asked} == {"yes"}


async def test_a_start_that_names_no_trace_begins_one_that_is_the_same_at_every_hearer():
    one, other = await completed(traceparent=None), await completed(traceparent=None)
    assert len(one.traces()) == 1
    assert one.traces() == other.traces()


async def test_what_was_not_sampled_by_the_producer_is_not_sampled_here():
    one = await completed(traceparent=NOT_SAMPLED)
    assert one.spans == ()
    said = one.world.log.records("onboarding.contract-created")[0]
    told = dict(said.headers)["traceparent"].decode()
    assert (told[3:35], told[-2:]) == (TRACE, "00")


async def test_an_undo_is_a_trace_of_its_own_with_a_link_to_that_of_the_saga():
    for outside in (False, True):
        one = await completed(outside)
        before = len(one.spans)
        await one.world.publish(request("ana"))
        await one.run()
        undone = one.world.log.records("onboarding.compensation-completed")
        assert len(undone) == len(STEPS)
        after = one.spans[before:]
        assert len({trace_of(span) for span in after} - {TRACE}) == 1
        assert {dict(each.headers)["traceparent"][3:35].decode() for each in undone}.isdisjoint(
            {TRACE}
        )
        linked = {link.context.trace_id for span in after for link in span.links}
        assert linked == {int(TRACE, 16)}


@pytest.mark.parametrize(
    "mark",
    [
        {"traceparent": PRODUCER, "dlq_redrive_id": "r-1"},
        {"traceparent": "", "replay_id": "r-1", "replay_traceparent": PRODUCER},
    ],
    ids=["redrive", "replay"],
)
async def test_what_is_sent_again_is_a_trace_of_its_own_with_a_link_to_the_first(mark: dict):
    one = TracedWorld()
    await one.world.publish(carrying(start("ana"), **mark))
    await one.run()
    assert len(one.traces()) == 1
    assert TRACE not in one.traces()
    first = one.named(f"process onboarding.{TOPICS[0]}")[0]
    assert [link.context.trace_id for link in first.links] == [int(TRACE, 16)]


async def test_a_redrive_of_a_parked_step_links_to_the_saga_which_goes_on_in_its_own_trace():
    one, saga = TracedWorld(outside=True), saga_of("ana")
    platform(one.world, "documents").replies[saga] = ["bug"] * 3
    await one.world.publish(carrying(start("ana"), PRODUCER))
    for _ in range(5):
        await one.run()
        one.clock.go_on(1)
        await one.world.sweep()
    assert len(one.named("send onboarding.documents.dlq")) == 1
    body = {"step": "documents", "reason": "It is mended.", "requested_by": "ops-1"}
    headers = {"ce_sagaid": saga, "ce_journey": "partner-onboarding/1"}
    wish = by_hand("RedriveRequested", "w-1", body, **headers)
    await one.world.publish(replace(wish, topic="onboarding.documents.dlq"))
    for _ in range(2):
        await one.run()
        await one.world.sweep()
    (asked,) = one.named("process onboarding.documents.dlq")
    assert [link.context.trace_id for link in asked.links] == [int(TRACE, 16)]
    done = one.named("process onboarding.recruitment-setup-completed")
    assert {trace_of(span) for span in done} == {TRACE} != {trace_of(asked)}


async def test_what_is_said_again_stays_in_its_trace():
    one = await completed()
    delivery = one.world.workers["contract"].delivery
    documents = await delivery.store.read([saga_of("ana")])
    before = len(one.spans)
    await say_again(delivery, list(documents.values()))
    sent = one.spans[before:]
    assert [each.name for each in sent] == ["send onboarding.contract-created"]
    assert {trace_of(each) for each in sent} == {TRACE}


async def test_spans_carry_nothing_that_producers_wrote():
    one = TracedWorld(outside=True)
    marked = start("ana", partner_id="secret-partner", nombre="secret-name")
    await one.world.publish(
        carrying(marked, PRODUCER, ce_correlationid="secret-correlation", ce_subject="secret-x")
    )
    await one.run()
    told = all_words(one.spans)
    assert "secret" not in told
    assert "ana" not in told
    assert "onboarding.saga_id" in told


async def test_each_span_of_an_event_tells_the_cell_that_it_met():
    one = await completed()
    heard = one.named(f"process onboarding.{TOPICS[0]}")[0]
    assert heard.attributes["onboarding.cell"] == "do, absent"


NAMES = ("traceparent", "dlq_redrive_id", "replay_id", "replay_traceparent", "dlq_id", "tracestate")
VALUES = st.none() | st.binary(max_size=4) | st.sampled_from([b"", b"\xff", PRODUCER.encode()])


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=6))
async def test_no_header_whatever_it_holds_stops_a_step(headers):
    one, first = TracedWorld(), start("ana")
    await one.world.publish(replace(first, headers=(*first.headers, *headers)))
    await one.run()
    assert len(one.world.log.records("onboarding.partner-registration-completed")) == 1
