"""The cells of docs/protocol.md that exist: the row "do" of a step without an outside system."""

from dataclasses import replace

import pytest
from runtime_given import BODIES, HEARS, NO, SAYS, Clock, Told, event, part_of, told

from contracts import poison
from contracts.poison import PoisonError
from services.runtime.protocol import Answer, hear
from services.runtime.step import Done, StepService

STATES = ("done", "rejected", "parked")
ANSWERS = {"done": {}, "rejected": {"saga-1": NO}, "parked": {"saga-1": ValueError("a bug")}}
P = HEARS["contract"]


def contract_part(state: str = "done"):
    return part_of(told("contract", **ANSWERS[state]))


def first_answer(state: str) -> Answer:
    return hear(None, event(P), contract_part(state))


def test_do_absent_yes_records_the_result_and_speaks():
    service = replace(
        told("contract"), handler=lambda *_: Done(SAYS["contract"], {"n": 1}, {"email": "a"})
    )
    answer = hear(None, event(P), part_of(service))
    assert (answer.cell, answer.speak) == ("do, absent", True)
    document = answer.document
    assert (document.state, document.result, document.holds) == ("done", {"n": 1}, {"email": "a"})
    assert document.refusal is None
    assert len(document.outbox) == 1


def test_do_absent_no_records_the_refusal_and_speaks():
    answer = first_answer("rejected")
    assert (answer.cell, answer.speak, answer.document.state) == ("do, absent", True, "rejected")
    assert (answer.document.refusal.code, answer.document.refusal.reason) == (NO.code, NO.reason)
    assert answer.document.result is None
    assert answer.document.holds == {}


def test_do_absent_bug_parks_the_saga_and_says_only_a_dead_letter():
    answer = first_answer("parked")
    assert (answer.cell, answer.speak, answer.document.state) == ("do, absent", True, "parked")
    assert [message.topic for message in answer.document.outbox] == ["onboarding.contract.dlq"]


def test_do_absent_keeps_what_it_was_decided_from():
    heard = event(P, offset=7)
    document = hear(None, heard, contract_part()).document
    assert document.context == heard.context
    assert (document.trigger.event_id, document.trigger.source) == ("e-1", "/producers/crm")
    position = document.trigger.position
    assert (position.topic, position.partition, position.offset) == (heard.record.topic, 0, 7)
    assert (document.revision, document.attempts, document.said) == (0, 1, len(document.outbox))


def test_do_absent_with_a_value_that_another_saga_holds_is_the_no_for_that_key():
    service = replace(told("registration"), taken={"email": NO})
    document = hear(None, event(HEARS["registration"]), part_of(service), taken="email").document
    assert (document.state, document.refusal.code, document.holds) == ("rejected", NO.code, {})


@pytest.mark.parametrize("state", ["done", "rejected"])
def test_do_done_and_do_rejected_say_the_same_again_without_deciding(state):
    document = first_answer(state).document
    never = Told("contract")
    answer = hear(
        document, event(P), part_of(StepService("contract", never, told("contract").rules))
    )
    assert answer == Answer(f"do, {state}", document, speak=True)
    assert answer.document is document
    assert not never.asked


def test_do_parked_does_nothing():
    document = first_answer("parked").document
    never = Told("contract")
    answer = hear(
        document, event(P), part_of(StepService("contract", never, told("contract").rules))
    )
    assert answer == Answer("do, parked", document, speak=False)
    assert not never.asked


@pytest.mark.parametrize("state", STATES)
def test_another_event_of_the_step_before_is_a_repeat(state):
    document = first_answer(state).document
    answer = hear(document, event(P, ce_id="e-2"), contract_part())
    assert answer.cell == f"do, {state}"
    assert answer.document is document


@pytest.mark.parametrize("state", [None, *STATES])
@pytest.mark.parametrize("name", sorted(set(BODIES) - {P}))
def test_every_other_event_is_ignored_in_every_state(name, state):
    document = first_answer(state).document if state else None
    heard = event(name, ce_tenantid="another", ce_id="e-1")
    assert hear(document, heard, contract_part()) == Answer("ignored", document)


def test_a_journey_that_the_step_has_no_part_in_is_ignored():
    part = part_of(told("documents"))
    heard = event(HEARS["documents"], ce_journey="partner-creation/1")
    assert hear(None, heard, part) == Answer("ignored", None)
    assert hear(None, event(HEARS["documents"]), part).cell == "do, absent"


def test_the_documents_journey_wins_over_the_messages():
    part = part_of(told("documents", **{"saga-1": NO}))
    document = hear(None, event(HEARS["documents"]), part).document
    other = event(HEARS["documents"], ce_journey="partner-creation/1")
    assert hear(document, other, part) == Answer("do, rejected", document, speak=True)
    elsewhere = replace(document, context=other.context)
    assert hear(elsewhere, event(HEARS["documents"]), part) == Answer("ignored", elsewhere)


@pytest.mark.parametrize("state", STATES)
def test_tenant_mismatch_in_every_state(state):
    document = first_answer(state).document
    with pytest.raises(PoisonError) as error:
        hear(document, event(P, ce_tenantid="another", ce_id="e-2"), contract_part())
    assert error.value.error_class == poison.TENANT_MISMATCH


@pytest.mark.parametrize("state", STATES)
def test_id_reused_is_the_same_identity_with_another_body(state):
    document = first_answer(state).document
    other = {"partner": {"partner_id": "p-1", "kind": "STARTUP"}}
    with pytest.raises(PoisonError) as error:
        hear(document, event(P, other), contract_part())
    assert error.value.error_class == poison.ID_REUSED


def test_the_same_id_of_another_source_is_another_identity():
    document = first_answer("done").document
    other = {"partner": {"partner_id": "p-1", "kind": "STARTUP"}}
    answer = hear(document, event(P, other, ce_source="/producers/erp"), contract_part())
    assert answer == Answer("do, done", document, speak=True)


def test_the_same_identity_with_other_whitespace_and_order_is_a_repeat():
    document = hear(
        None, event(P, raw=b'{"partner":{"partner_id":"p-1","kind":"EMPRESA"}}'), contract_part()
    ).document
    spaced = event(P, raw=b'{ "partner" : {"kind": "EMPRESA",\n "partner_id": "p-1" } }')
    assert hear(document, spaced, contract_part()) == Answer("do, done", document, speak=True)


def test_the_time_of_a_decision_is_asked_once():
    clock = Clock()
    document = hear(None, event(P), part_of(told("contract"), clock)).document
    (said,) = document.outbox
    assert document.decided_at == clock.time
    assert dict(said.headers)["ce_time"].decode() == "2026-03-01T09:30:00.001000Z"
