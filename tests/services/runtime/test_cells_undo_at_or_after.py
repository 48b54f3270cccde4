"""The row "undo, at or after": R(f) with f <= k at step k, in every state."""

import pytest
from cells_given import BUG, PLACES, Led, Met, led

REQUESTS = [
    ("first", "R(k)"),
    ("middle", "R(k)"),
    ("middle", "R(first)"),
    ("last", "R(k)"),
    ("last", "R(k-2)"),
]
arriving = pytest.mark.parametrize(("place", "word"), REQUESTS)
later = pytest.mark.parametrize(("place", "word"), REQUESTS[1:])
kinds = pytest.mark.parametrize("kind", ["inner", "outer"])
NOTHING_UNDONE = "K(k) nothing_to_undo"


@later
@kinds
def test_undo_at_or_after_absent_is_blocked_silently(place, word, kind):
    one = Led(place, kind == "outer")
    assert one.meets(word) == Met("undo, at or after, absent", "blocked")
    assert (one.document.outbox, one.document.said, one.document.trigger) == ((), 0, None)


@kinds
def test_v6_undo_at_or_after_absent_first_step_says_k(kind):
    one = Led("first", kind == "outer")
    assert one.meets("R(k)") == Met("undo, at or after, absent", "blocked", (NOTHING_UNDONE,))


@arriving
def test_v3_undo_at_or_after_pending_under_a_lease_is_remembered(place, word):
    one = led(place, "outer", "pending")
    assert one.meets(word) == Met("undo, at or after, pending", "pending")
    assert one.document.undo_wanted
    remembered = one.document
    assert one.meets(word, "my turn").state == "pending"
    assert one.document is remembered


@arriving
@pytest.mark.parametrize(("state", "wait"), [("pending", 30.0), ("pending, free", 0.0)])
def test_undo_at_or_after_pending_free_is_undoing(place, word, state, wait):
    one = led(place, "outer", state)
    assert one.meets(wait, word) == Met("undo, at or after, pending", "undoing", (), call=True)
    assert one.meets("yes").said == ("K(k) undone",)


@arriving
def test_undo_at_or_after_pending_inner_after_a_redrive_is_undone(place, word):
    one = led(place, "inner", "pending")
    assert one.meets(word).said[-1] == "K(k) undone"
    assert one.state == "undone"


@arriving
def test_x5_undo_at_or_after_done_inner_is_undone_at_once(place, word):
    one = led(place, "inner", "done")
    assert one.meets(word) == Met("undo, at or after, done", "undone", ("K(k) undone",))


@arriving
def test_x5_undo_at_or_after_done_outer_is_undoing(place, word):
    one = led(place, "outer", "done")
    assert one.meets(word) == Met("undo, at or after, done", "undoing", (), call=True)
    assert one.meets("yes") == Met("answer, undoing", "undone", ("K(k) undone",))


@later
@kinds
def test_undo_at_or_after_rejected_does_nothing(place, word, kind):
    """Its own R(k) comes back to it, too."""
    one = led(place, kind, "rejected")
    document = one.document
    assert one.meets(word) == Met("undo, at or after, rejected", "rejected")
    assert one.last.document is document


@kinds
def test_v6_undo_at_or_after_rejected_first_step_says_k(kind):
    one = led("first", kind, "rejected")
    said = ("F(k) NOT_TODAY", NOTHING_UNDONE)
    assert one.meets("R(k)") == Met("undo, at or after, rejected", "rejected", said)
    assert one.meets("R(k)") == Met("undo, at or after, rejected", "rejected", (NOTHING_UNDONE,))


@arriving
def test_x3_undo_at_or_after_undoing_does_nothing(place, word):
    one = led(place, "outer", "undoing")
    document = one.document
    assert one.meets(word) == Met("undo, at or after, undoing", "undoing")
    assert one.document is document


@later
@kinds
@pytest.mark.parametrize("state", ["undone", "blocked"])
def test_undo_at_or_after_undone_and_blocked_does_nothing(place, word, kind, state):
    one = led(place, kind, state)
    document = one.document
    assert one.meets(word) == Met(f"undo, at or after, {state}", state)
    assert one.last.document is document


@kinds
@pytest.mark.parametrize(
    ("state", "said"), [("undone", "K(k) undone"), ("blocked", NOTHING_UNDONE)]
)
def test_v6_undo_at_or_after_undone_and_blocked_first_step_says_k_again(kind, state, said):
    one = led("first", kind, state)
    document = one.document
    assert one.meets("R(k)") == Met(f"undo, at or after, {state}", state, (said,))
    assert one.last.say == document.outbox[-1:]
    assert one.last.document is document


@arriving
def test_v4_undo_at_or_after_parked_outer_is_undoing(place, word):
    one = led(place, "outer", "parked")
    assert one.meets(word) == Met("undo, at or after, parked", "undoing", (), call=True)
    assert one.meets("yes").said[-1] == "K(k) undone"


@arriving
@pytest.mark.parametrize("outer", [False, True])
def test_v4_undo_at_or_after_parked_by_the_handler_is_undone(place, word, outer):
    one = Led(place, outer, BUG)
    one.meets("P(k-1)")
    met = one.meets(word)
    assert (met.cell, met.state) == ("undo, at or after, parked", "undone")
    assert met.said[-1] == "K(k) undone"


@arriving
def test_undo_at_or_after_undo_parked_does_nothing(place, word):
    one = led(place, "outer", "undo_parked")
    document = one.document
    assert one.meets(word) == Met("undo, at or after, undo_parked", "undo_parked")
    assert one.document is document


@kinds
def test_v6_r_twice_at_a_blocked_first_step(kind):
    """R(null) is ignored both times; K(2), R(2) and R(first) have K said again, same id."""
    one = Led("first", kind == "outer")
    assert one.meets("R(null)") == Met("ignored", "absent")
    one.meets("R(k)")
    (said,) = one.last.say
    assert one.meets("R(null)") == one.meets("R(null)") == Met("ignored", "blocked")
    for word in ("K(k+1)", "R(k+1)", "R(k)"):
        one.meets(1.0, word)
        assert one.last.say == (said,)


@pytest.mark.parametrize("place", ["first", "middle", "last"])
@pytest.mark.parametrize("state", ["pending", "done", "parked"])
def test_v8_what_was_ever_taken_says_k_when_its_undo_is_done(place, state):
    """Silence is only for absent to blocked."""
    for kind in ("inner", "outer"):
        one = led(place, kind, state)
        one.meets("R(k)", 30.0, "try", "yes")
        assert (one.state, one.word(one.document.outbox[-1])) == ("undone", "K(k) undone")


@pytest.mark.parametrize("place", PLACES)
def test_a_request_for_the_whole_saga_that_names_no_journey_blocks_every_step(place):
    """It may be of a journey that ends here; of a saga that is known, what is recorded counts."""
    one = Led(place)
    answer = one.meets(one.event("R(null)", ce_journey=None))
    assert (one.state, answer.call) == ("blocked", False)
    assert bool(answer.said) == (place != "middle")
