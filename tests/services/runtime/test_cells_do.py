"""The row "do": P(k-1) at a step, inner and outer, in every state."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cells_given import BUG, INNER_STATES, OUTER, PLACES, Led, Met, led
from runtime_given import HEARS, NO, SAYS, event, part_of, told

from services.runtime.protocol import meet
from services.runtime.step import Done

places = pytest.mark.parametrize("place", PLACES)
kinds = pytest.mark.parametrize("kind", ["inner", "outer"])
LETTERS = ("letter", "parked")
YES = {"first": ("P",), "middle": ("P",), "last": ("C", "P")}
SAYS_NO = {
    "first": ("F(k) NOT_TODAY",),
    "middle": ("R(k)", "F(k) NOT_TODAY"),
    "last": ("R(k)", "F(k) NOT_TODAY"),
}


@places
def test_do_absent_inner_yes_decides_records_and_says_in_one_update(place):
    one = Led(place)
    assert one.meets("P(k-1)") == Met("do, absent", "done", YES[place])
    document = one.document
    assert (document.result, document.refusal) == ({"number": "N-1"}, None)
    assert (document.outbox, document.said) == (one.last.say, len(YES[place]))
    assert (document.deadline_at, document.try_at, document.lease) == (None, None, None)
    assert (document.outer, document.attempts, document.record) == (False, 1, None)


@places
def test_do_absent_outer_claims_with_lease_and_deadline_and_calls_and_says_nothing(place):
    one = Led(place, outer=True)
    assert one.meets("P(k-1)") == Met("do, absent", "pending", (), call=True)
    document, now = one.document, one.clock.time
    assert (document.outer, document.attempts, document.outbox) == (True, 1, ())
    assert document.lease
    assert document.try_at == now + timedelta(seconds=one.part.limits.lease)
    assert document.deadline_at == now + timedelta(seconds=30)
    assert document.watch_at is None
    assert one.words(document.plan) == YES[place]
    assert document.result == {"number": "N-1"}  # what the call brings about


@places
@pytest.mark.parametrize("outer", [False, True])
def test_do_absent_no_of_the_handler_is_said_without_any_call(place, outer):
    one = Led(place, outer, NO)
    assert one.meets("P(k-1)") == Met("do, absent", "rejected", SAYS_NO[place])
    document = one.document
    assert (document.refusal.code, document.refusal.reason) == (NO.code, NO.reason)
    assert (document.result, document.holds, document.plan) == (None, {}, ())
    assert (document.deadline_at, document.watch_at, document.outer) == (None, None, False)


@places
@pytest.mark.parametrize("outer", [False, True])
def test_do_absent_bug_of_the_handler_parks_under_the_deadline(place, outer):
    one = Led(place, outer, BUG)
    assert one.meets("P(k-1)") == Met("do, absent", "parked", LETTERS)
    document = one.document
    assert document.deadline_at == one.clock.time + timedelta(seconds=30)
    assert document.record == one.event("P(k-1)").record
    assert (document.outer, document.lease, document.try_at) == (False, None, None)


@pytest.mark.parametrize("outer", [False, True])
def test_do_absent_of_a_value_that_another_saga_holds_is_the_no_for_that_key(outer):
    service = replace(told("registration"), taken={"email": NO})
    part = part_of(service, outside=outer)
    document = meet(None, event(HEARS["registration"]), part, taken="email").document
    assert (document.state, document.refusal.code, document.holds) == ("rejected", NO.code, {})


@pytest.mark.parametrize("outer", [False, True])
def test_do_absent_holds_what_the_handler_says(outer):
    handler = lambda *_: Done(SAYS["contract"], {"n": 1}, {"email": "a"})  # noqa: E731
    part = part_of(replace(told("contract"), handler=handler), outside=outer)
    document = meet(None, event(HEARS["contract"]), part).document
    assert (document.result, document.holds) == ({"n": 1}, {"email": "a"})


def test_do_absent_keeps_what_it_was_decided_from():
    heard = event(HEARS["contract"], offset=7)
    document = meet(None, heard, part_of(told("contract"))).document
    assert document.context == heard.context
    assert (document.trigger.event_id, document.trigger.source) == (heard.event_id, heard.source)
    position = document.trigger.position
    assert (position.topic, position.partition, position.offset) == (heard.record.topic, 0, 7)
    assert (document.revision, document.said) == (0, len(document.outbox))


@pytest.mark.parametrize(("place", "watched"), [("first", 35), ("middle", 35), ("last", None)])
@pytest.mark.parametrize("path", [("inner",), ("outer", "yes")])
def test_v10_a_watch_is_noted_once_in_the_update_that_makes_it_done(place, watched, path):
    one = Led(place, outer=path[0] == "outer")
    one.meets("P(k-1)", *path[1:])
    due = watched and one.document.decided_at + timedelta(seconds=watched)
    assert (one.document.watch_at, one.document.is_watching) == (due, watched is not None)
    one.meets(1.0, "P(k-1)")
    assert one.document.watch_at == due
    if watched:
        one.meets("P(k+1)", 1.0, "P(k-1)")
        assert one.document.watch_at is None


@places
def test_do_pending_under_a_lease_does_nothing(place):
    one = led(place, "outer", "pending")
    assert one.meets("P(k-1)") == Met("do, pending", "pending")
    assert one.document.attempts == 1


@places
def test_do_pending_free_before_the_next_try_does_nothing(place):
    one = led(place, "outer", "pending, free")
    assert one.meets("P(k-1)") == Met("do, pending", "pending")
    assert one.document.lease is None


@places
@pytest.mark.parametrize("state", ["pending", "pending, free"])
def test_do_pending_when_a_try_is_due_calls_again_under_a_new_lease(place, state):
    one = led(place, "outer", state)
    before, deadline_at = one.document.lease, one.document.deadline_at
    assert one.meets(30.0, "P(k-1)") == Met("do, pending", "pending", (), call=True)
    assert one.document.lease not in (None, before)
    assert (one.document.attempts, one.document.deadline_at) == (2, deadline_at)
    assert sum(one.handler.asked.values()) == 1


@places
def test_do_pending_inner_after_a_redrive_decides_anew(place):
    one = led(place, "inner", "pending").mended()
    assert one.meets("P(k-1)") == Met("do, pending", "done", (*LETTERS, *YES[place]))
    assert (one.document.refusal, one.document.record, one.document.deadline_at) == (None,) * 3
    assert one.document.attempts == 1


@places
def test_do_pending_outer_after_a_redrive_of_a_bug_of_the_handler_claims(place):
    one = Led(place, outer=True, answer=BUG)
    one.meets("P(k-1)", "redrive")
    one.mended()
    assert one.meets("P(k-1)") == Met("do, pending", "pending", (), call=True)
    assert one.document.attempts == 1
    assert one.meets("yes").state == "done"


@places
def test_v3_do_pending_with_undo_wanted_undoes_when_the_lease_is_over(place):
    one = led(place, "outer", "pending")
    one.meets("my turn")
    assert one.meets("P(k-1)") == Met("do, pending", "pending")
    assert one.meets(30.0, "P(k-1)") == Met("do, pending", "undoing", (), call=True)


@places
@kinds
@pytest.mark.parametrize(("state", "says"), [("done", YES), ("rejected", SAYS_NO)])
def test_do_done_and_do_rejected_say_the_same_again_without_deciding(place, kind, state, says):
    one = led(place, kind, state)
    document, asked = one.document, one.handler.asked.copy()
    assert one.meets("P(k-1)") == Met(f"do, {state}", state, says[place])
    assert one.last.document is document
    assert one.last.say == document.outbox
    assert one.handler.asked == asked


REFUSED = ("undone", "blocked", "parked", "undoing", "undo_parked")


@places
@pytest.mark.parametrize(
    ("kind", "state"),
    [("inner", state) for state in REFUSED if state in INNER_STATES]
    + [("outer", state) for state in REFUSED if state in OUTER],
)
def test_do_undoing_undone_blocked_parked_and_undo_parked_is_refused_and_counted(
    place, kind, state
):
    one = led(place, kind, state)
    document, asked = one.document, one.handler.asked.copy()
    assert one.meets(30.0, "P(k-1)") == Met(f"do, {state}", state)
    assert one.last.document is document
    assert one.handler.asked == asked
