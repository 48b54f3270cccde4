"""The rows of time: own deadline, watch due, try; and P(k+1), which clears the watch."""

import json
from dataclasses import replace

import pytest
from cells_given import BUG, INNER_STATES, OUTER, PLACES, Led, Met, led

from contracts import ids

places = pytest.mark.parametrize("place", PLACES)
kinds = pytest.mark.parametrize("kind", ["inner", "outer"])
with_next = pytest.mark.parametrize("place", ["first", "middle"])
TIMEOUT = {
    "first": ("F(k) TIMEOUT",),
    "middle": ("R(k)", "F(k) TIMEOUT"),
    "last": ("R(k)", "F(k) TIMEOUT"),
}
FOR_THE_NEXT = ("R(k+1)", "F(k+1) TIMEOUT")


def every(*but: str) -> list[tuple[str, str]]:
    """Kinds and states, without some states."""
    found = [("inner", state) for state in INNER_STATES] + [("outer", state) for state in OUTER]
    return [(kind, state) for kind, state in found if state.partition(",")[0] not in but]


@places
@pytest.mark.parametrize(("state", "wait"), [("pending", 30.0), ("pending, free", 0.0)])
def test_v1_own_deadline_pending_free_is_undoing_and_says_so_in_one_update(place, state, wait):
    one = led(place, "outer", state)
    revision = one.document.revision
    met = one.meets(wait, "deadline")
    assert met == Met("deadline, pending", "undoing", TIMEOUT[place], call=True)
    assert one.document.revision == revision + 1
    assert one.document.outbox == one.last.say
    assert (one.document.deadline_at, one.document.undo_wanted) == (None, False)
    said = (*TIMEOUT[place], "K(k) undone")
    assert one.meets("yes") == Met("answer, undoing", "undone", said)


@places
def test_v1_own_deadline_pending_inner_after_a_redrive_is_undone_in_one_update(place):
    one = led(place, "inner", "pending")
    met = one.meets("deadline")
    assert (met.cell, met.state) == ("deadline, pending", "undone")
    assert met.said[-len(TIMEOUT[place]) - 1 :] == (*TIMEOUT[place], "K(k) undone")


@places
@pytest.mark.parametrize("before", [(), ("my turn",), ("R(k)",)])
def test_v1_own_deadline_pending_under_a_lease_says_so_now_and_undoes_when_free(place, before):
    """Also when an undo is wanted already."""
    one = led(place, "outer", "pending")
    lease = one.meets(*before, "deadline") and one.document.lease
    assert one.last.cell == "deadline, pending"
    assert one.words(one.last.say) == TIMEOUT[place]
    document = one.document
    assert (document.state, document.deadline_spoke, document.undo_wanted) == (
        "pending",
        True,
        True,
    )
    assert (document.lease, document.deadline_at) == (lease, None)
    assert one.meets("deadline") == Met("deadline, pending", "pending")
    assert one.document is document
    assert one.meets(30.0, "try") == Met("try, pending", "undoing", (), call=True)


@places
def test_v1_own_deadline_pending_when_an_undo_is_wanted_and_the_lease_is_over(place):
    one = led(place, "outer", "pending")
    met = one.meets("my turn", 30.0, "deadline")
    assert met == Met("deadline, pending", "undoing", TIMEOUT[place], call=True)


@places
@pytest.mark.parametrize("answer", ["yes", "no", "later", "bug"])
def test_w2_w3_what_failed_by_its_own_deadline_says_k_whatever_the_call_comes_to(place, answer):
    """Until then the saga is COMPENSATING; of the first step too, where F alone would be FAILED."""
    one = led(place, "outer", "pending")
    one.meets("deadline", answer)
    if answer != "no":
        one.meets("yes")
    expected = "nothing_to_undo" if answer == "no" else "undone"
    assert one.words(one.document.outbox) == (*TIMEOUT[place], f"K(k) {expected}")


@places
def test_v1_own_deadline_parked_outer_is_undoing_and_says_so(place):
    one = led(place, "outer", "parked")
    met = one.meets("deadline")
    assert (met.cell, met.state, met.call) == ("deadline, parked", "undoing", True)
    assert met.said[-len(TIMEOUT[place]) :] == TIMEOUT[place]
    assert one.meets("yes").said[-1] == "K(k) undone"


@places
@pytest.mark.parametrize("outer", [False, True])
def test_v1_own_deadline_parked_by_the_handler_is_undone_and_says_so(place, outer):
    one = Led(place, outer, BUG)
    one.meets("P(k-1)")
    met = one.meets("deadline")
    assert (met.cell, met.state, met.call) == ("deadline, parked", "undone", False)
    assert met.said[-len(TIMEOUT[place]) - 1 :] == (*TIMEOUT[place], "K(k) undone")


@places
def test_own_deadline_parked_says_the_dead_letter_that_a_dead_worker_left_unsent(place):
    """It is the only word of the bug. Of what was sent nothing stays that names the partner."""
    for sent, letters in ((False, ("letter", "parked")), (True, ())):
        one = Led(place, answer=BUG)
        one.meets("P(k-1)")
        if sent:
            one.document = replace(one.document, sent=one.document.said)
        expected = (*letters, *TIMEOUT[place], "K(k) undone")
        assert one.meets("deadline").said == expected
        assert one.words(one.document.outbox) == expected


@places
@pytest.mark.parametrize(("kind", "state"), every("pending", "parked"))
def test_own_deadline_in_any_other_state_is_ignored(place, kind, state):
    one = led(place, kind, state)
    document = one.document
    assert one.meets("deadline") == Met("ignored", state)
    assert one.last.document is document


@with_next
@kinds
def test_watch_due_done_says_failure_and_request_for_the_next_step_once(place, kind):
    one = led(place, kind, "done")
    assert one.meets("watch") == Met("watch, done", "done", ("P", *FOR_THE_NEXT))
    assert one.document.watch_at is None
    assert one.meets("watch") == Met("watch, done", "done")
    request = json.loads(one.document.outbox[1].value)
    assert request["requested_by"] == f"/services/{one.step}"
    own = ids.failure_id(one.saga, "CompensationRequested", one.name_of("k+1"), one.step)
    assert one.document.outbox[1].event_id == own
    assert one.meets("R(k+1)").cell == "undo, my turn, done"  # its own word comes back to it


@kinds
def test_watch_due_done_last_step_has_nobody_to_watch(kind):
    one = led("last", kind, "done")
    assert one.meets("watch") == Met("watch, done", "done")


@places
@pytest.mark.parametrize(("kind", "state"), every("done"))
def test_watch_due_in_any_other_state_is_void(place, kind, state):
    one = led(place, kind, state)
    document = one.document
    assert one.meets("watch") == Met("ignored", one.state)
    assert one.last.document is document


@with_next
@kinds
def test_next_done_clears_the_watch(place, kind):
    one = led(place, kind, "done")
    assert one.meets("P(k+1)") == Met("next, done", "done")
    assert one.document.watch_at is None
    cleared = one.document
    assert one.meets("P(k+1)", "watch") == Met("watch, done", "done")
    assert one.document is cleared


@with_next
@pytest.mark.parametrize(("kind", "state"), every("done"))
def test_next_in_any_other_state_does_nothing(place, kind, state):
    one = led(place, kind, state)
    document = one.document
    assert one.meets("P(k+1)") == Met("ignored", one.state)
    assert one.last.document is document


@with_next
@kinds
def test_v5_a_failure_of_the_next_step_does_not_clear_the_watch(place, kind):
    """F and R are two messages, and the second may never have been sent."""
    one = led(place, kind, "done")
    watch_at = one.document.watch_at
    assert one.meets("F(k+1)") == Met("ignored", "done")
    assert one.document.watch_at == watch_at is not None
    assert one.meets("watch").said == ("P", *FOR_THE_NEXT)


@places
@pytest.mark.parametrize(("state", "wait"), [("pending", 29.0), ("pending, free", 0.0)])
def test_try_pending_before_its_time_does_nothing(place, state, wait):
    one = led(place, "outer", state)
    document = one.document
    assert one.meets(wait, "try") == Met("try, pending", "pending")
    assert one.document is document


@places
@pytest.mark.parametrize("state", ["pending", "pending, free"])
def test_try_pending_when_due_calls_again(place, state):
    one = led(place, "outer", state)
    lease = one.document.lease
    assert one.meets(30.0, "try") == Met("try, pending", "pending", (), call=True)
    assert one.document.attempts == 2
    assert one.document.lease not in (None, lease)


@places
def test_try_pending_inner_waits_for_its_event(place):
    """The sweeper reads it again from the document."""
    one = led(place, "inner", "pending")
    assert one.meets("try") == Met("try, pending", "pending")


@places
def test_v3_try_pending_with_undo_wanted_is_undoing_when_the_lease_is_over(place):
    one = led(place, "outer", "pending")
    assert one.meets("my turn", "try") == Met("try, pending", "pending")
    assert one.meets(30.0, "try") == Met("try, pending", "undoing", (), call=True)


@places
def test_try_undoing_calls_again_when_it_is_due(place):
    one = led(place, "outer", "undoing")
    lease = one.document.lease
    assert one.meets("try") == Met("try, undoing", "undoing")
    assert one.meets(30.0, "try") == Met("try, undoing", "undoing", (), call=True)
    assert one.document.attempts == 2
    assert one.document.lease not in (None, lease)
    assert one.meets("later", "try") == Met("try, undoing", "undoing")
    assert one.meets(1.0, "try").call


@places
@pytest.mark.parametrize(("kind", "state"), every("pending", "undoing"))
def test_try_in_any_other_state_is_ignored(place, kind, state):
    one = led(place, kind, state)
    document = one.document
    assert one.meets("try") == Met("ignored", state)
    assert one.last.document is document
