"""The rows "redrive" and "resolve": what a person asks of a step that was set aside."""

import pytest
from cells_given import A_DAY, BUG, INNER_STATES, OUTER, PLACES, TO_A_BUG, Led, Met, led

places = pytest.mark.parametrize("place", PLACES)
wishes = pytest.mark.parametrize("wish", ["redrive", "resolve"])
YES = {"first": ("P",), "middle": ("P",), "last": ("C", "P")}
EVERY = [("inner", state) for state in INNER_STATES] + [("outer", state) for state in OUTER]
OTHERS = [(kind, state) for kind, state in EVERY if state not in ("parked", "undo_parked")]


@places
@pytest.mark.parametrize("kind", ["inner", "outer"])
def test_redrive_parked_is_pending_and_its_old_deadline_goes_on(place, kind):
    one = led(place, kind, "parked")
    deadline_at = one.document.deadline_at
    assert one.meets(1.0, "redrive") == Met("redrive, parked", "pending")
    document = one.document
    assert (document.deadline_at, document.try_at) == (deadline_at, one.clock.time)
    assert (document.attempts, document.lease, document.refusal) == (0, None, None)


@places
def test_redrive_parked_outer_has_as_many_attempts_again(place):
    one = led(place, "outer", "parked")
    assert one.meets("redrive", "try") == Met("try, pending", "pending", (), call=True)
    assert one.document.attempts == 1
    assert one.meets("bug", 1.0, "try", "bug").state == "pending"
    assert one.meets(1.0, "try", "bug").state == "parked"
    assert one.meets("redrive", "try", "yes").said[-len(YES[place]) :] == YES[place]
    assert one.document.refusal is None


@places
def test_redrive_parked_by_the_handler_decides_anew_and_may_park_again(place):
    one = Led(place, answer=BUG)
    one.meets("P(k-1)")
    assert one.meets("redrive", "P(k-1)").state == "parked"
    assert one.meets("redrive").state == "pending"
    assert one.mended().meets("P(k-1)").said[-len(YES[place]) :] == YES[place]


@places
def test_redrive_undo_parked_is_undoing_for_another_day(place):
    one = led(place, "outer", "undo_parked")
    assert one.meets("redrive") == Met("redrive, undo_parked", "undoing", (), call=True)
    document = one.document
    assert (document.give_up_at - one.clock.time).total_seconds() == A_DAY
    assert (document.attempts, document.resolving, document.refusal) == (1, False, None)
    assert one.meets("yes").said[-1] == "K(k) undone"


@places
def test_redrive_undo_parked_may_park_again(place):
    one = led(place, "outer", "undo_parked")
    one.meets("redrive")
    assert one.meets(*TO_A_BUG).state == "undo_parked"


@places
def test_x4_resolve_undo_parked_first_has_the_tombstone_made_then_says_k(place):
    one = led(place, "outer", "undo_parked")
    assert one.meets("resolve") == Met("resolve, undo_parked", "undoing", (), call=True)
    assert one.document.resolving
    met = one.meets("yes")
    assert (met.cell, met.state) == ("answer, undoing", "undone")
    assert met.said[-1] == "K(k) resolved_by_operator"
    assert one.meets("my turn").said == ("K(k) resolved_by_operator",)


@places
def test_resolve_parked_is_not_in_the_table(place):
    for kind in ("inner", "outer"):
        one = led(place, kind, "parked")
        document = one.document
        assert one.meets("resolve") == Met("ignored", "parked")
        assert one.last.document is document


@places
@wishes
@pytest.mark.parametrize(("kind", "state"), OTHERS)
def test_redrive_and_resolve_in_any_other_state_do_nothing(place, wish, kind, state):
    one = led(place, kind, state)
    document = one.document
    assert one.meets(wish) == Met("ignored", one.state)
    assert one.last.document is document
