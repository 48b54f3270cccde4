"""Whose event it is: tenant and identity of what arrives at a document, in every state."""

import pytest
from cells_given import INNER_STATES, OUTER, led
from runtime_given import HEARS, Clock, event, part_of, told

from contracts import poison
from contracts.poison import PoisonError
from services.runtime.protocol import MOST_BLOCKED_FOR, Answer, meet

P = HEARS["contract"]
STORED = [("inner", state) for state in INNER_STATES[1:]] + [
    ("outer", state) for state in OUTER if state != "absent"
]
stored = pytest.mark.parametrize(("kind", "state"), STORED)
heard = pytest.mark.parametrize(
    ("kind", "state"), [one for one in STORED if one[1] != "blocked"]
)  # what is blocked answered no event
OTHER = {"partner": {"partner_id": "p-1", "kind": "STARTUP"}}


@pytest.mark.parametrize(
    ("kind", "state", "word"),
    [
        (*one, word)
        for one in STORED
        for word in ("P(k-1)", "K(k+1)", "R(k)")
        if one[1] != "blocked"  # nobody knows yet whose saga it is
    ],
)
def test_tenant_mismatch_in_every_state(kind, state, word):
    one = led("middle", kind, state)
    with pytest.raises(PoisonError) as error:
        one.meets(one.event(word, ce_tenantid="another", ce_id="e-9"))
    assert error.value.error_class == poison.TENANT_MISMATCH


@pytest.mark.parametrize("kind", ["inner", "outer"])
def test_what_an_undo_of_another_tenant_blocked_is_done_all_the_same(kind):
    one = led("middle", kind, "blocked")
    own = one.event("P(k-1)", ce_tenantid="another")
    answer = meet(one.document, own, one.part)
    assert answer.cell == "do, absent"
    assert answer.document.context.tenant_id == "another"
    assert answer.document.revision == one.document.revision
    assert {message.event_id for message in answer.say}.isdisjoint(
        message.event_id for message in one.document.outbox
    )


@pytest.mark.parametrize("kind", ["inner", "outer"])
def test_of_several_tenants_that_asked_to_undo_each_ones_saga_stays_undone(kind):
    one = led("middle", kind, "blocked")
    for tenant in ("another", "acme", "default"):
        one.document = meet(
            one.document, one.event("K(k+1)", ce_tenantid=tenant), one.part
        ).document
    for tenant in ("another", "acme", "default"):
        answer = meet(one.document, one.event("P(k-1)", ce_tenantid=tenant), one.part)
        assert (answer.document, answer.say) == (one.document, ())
    third = meet(one.document, one.event("P(k-1)", ce_tenantid="third"), one.part)
    assert third.document.context.tenant_id == "third"


@pytest.mark.parametrize("kind", ["inner", "outer"])
def test_how_many_tenants_may_ask_is_bounded(kind):
    one = led("middle", kind, "blocked")
    for number in range(MOST_BLOCKED_FOR):
        heard = one.event("R(k)", ce_tenantid=f"t-{number}")
        one.document = meet(one.document, heard, one.part).document
    with pytest.raises(PoisonError) as error:
        meet(one.document, one.event("R(k)", ce_tenantid="one-more"), one.part)
    assert error.value.error_class == poison.TENANT_MISMATCH


@stored
@pytest.mark.parametrize("word", ["F(k+1)", "K(k)", "R(k+2)", "C"])
def test_what_is_ignored_is_ignored_of_another_tenant_too(kind, state, word):
    one = led("middle", kind, state)
    document = one.document
    assert meet(document, one.event(word, ce_tenantid="another"), one.part) == Answer(
        "ignored", document
    )


@heard
def test_id_reused_is_the_same_identity_with_another_body(kind, state):
    one = led("middle", kind, state)
    with pytest.raises(PoisonError) as error:
        one.meets(event(P, OTHER, ce_id="e-P(k-1)"))
    assert error.value.error_class == poison.ID_REUSED


@heard
def test_another_event_of_the_step_before_is_a_repeat(kind, state):
    one = led("middle", kind, state)
    document = one.document
    cell = f"do, {one.state}"
    assert one.meets(event(P, OTHER, ce_id="e-2")).cell == cell
    assert one.last.document is document or kind == "inner"  # an inner redrive decides anew
    assert one.document.trigger.event_id == document.trigger.event_id


def test_the_same_id_of_another_source_is_another_identity():
    part = part_of(told("registration"))
    document = meet(None, event(HEARS["registration"]), part).document
    data = {"partner_data": {"nombre": "Bea"}}
    other = event(HEARS["registration"], data, ce_source="/producers/erp")
    assert meet(document, other, part).cell == "do, done"


def test_the_same_identity_with_other_whitespace_and_order_is_a_repeat():
    part = part_of(told("contract"))
    document = meet(
        None, event(P, raw=b'{"partner":{"partner_id":"p-1","kind":"EMPRESA"}}'), part
    ).document
    spaced = event(P, raw=b'{ "partner" : {"kind": "EMPRESA",\n "partner_id": "p-1" } }')
    assert meet(document, spaced, part) == Answer("do, done", document, document.outbox)


def test_the_time_of_a_decision_is_asked_once():
    clock = Clock()
    document = meet(None, event(P), part_of(told("contract"), clock)).document
    (said,) = document.outbox
    assert document.decided_at == clock.time
    assert dict(said.headers)["ce_time"].decode() == "2026-03-01T09:30:00.001000Z"
