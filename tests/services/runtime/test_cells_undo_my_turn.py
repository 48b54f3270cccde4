"""The row "undo, my turn": K(k+1) or R(k+1), at the last step R(null), in every state."""

import pytest
from cells_given import A_DAY, BUG, INNER_STATES, OUTER, PLACES, Led, Met, led

MY_TURN = [
    ("first", "K(k+1)"),
    ("first", "R(k+1)"),
    ("middle", "K(k+1)"),
    ("middle", "R(k+1)"),
    ("last", "R(null)"),
]
arriving = pytest.mark.parametrize(("place", "word"), MY_TURN)
places = pytest.mark.parametrize("place", PLACES)
kinds = pytest.mark.parametrize("kind", ["inner", "outer"])
NOTHING_UNDONE = "K(k) nothing_to_undo"
SAID_NO = {"first": ("F(k) NOT_TODAY",), "middle": ("R(k)", "F(k) NOT_TODAY")}
SAID_NO |= {"last": SAID_NO["middle"]}


@arriving
@pytest.mark.parametrize("outer", [False, True])
def test_undo_my_turn_absent_is_blocked_and_says_so(place, word, outer):
    one = Led(place, outer)
    assert one.meets(word) == Met("undo, my turn, absent", "blocked", (NOTHING_UNDONE,))
    assert (one.document.trigger, one.document.result, one.document.holds) == (None, None, {})
    assert one.document.context == one.event(word).context


@arriving
def test_v3_undo_my_turn_pending_under_a_lease_is_remembered(place, word):
    one = led(place, "outer", "pending")
    lease = one.document.lease
    assert one.meets(word) == Met("undo, my turn, pending", "pending")
    assert (one.document.undo_wanted, one.document.lease) == (True, lease)
    remembered = one.document
    assert one.meets(word) == Met("undo, my turn, pending", "pending")
    assert one.document is remembered


@arriving
@pytest.mark.parametrize(("state", "wait"), [("pending", 30.0), ("pending, free", 0.0)])
def test_undo_my_turn_pending_free_is_undone_by_a_call(place, word, state, wait):
    """Nobody knows what an attempt came to that was never answered."""
    one = led(place, "outer", state)
    assert one.meets(wait, word) == Met("undo, my turn, pending", "undoing", (), call=True)
    assert one.document.deadline_at is None
    assert one.meets("yes").said == ("K(k) undone",)


@arriving
def test_undo_my_turn_pending_inner_after_a_redrive_is_undone_at_once(place, word):
    one = led(place, "inner", "pending")
    assert one.meets(word).state == "undone"
    assert one.last.say[-1].event_id == one.document.outbox[-1].event_id
    assert one.words(one.last.say)[-1] == "K(k) undone"


@arriving
def test_undo_my_turn_done_inner_is_undone_in_one_update(place, word):
    one = led(place, "inner", "done")
    assert one.meets(word) == Met("undo, my turn, done", "undone", ("K(k) undone",))
    document = one.document
    assert one.words(document.outbox) == ("K(k) undone",)  # what named the partner is gone
    assert (document.result, document.holds, document.record, document.plan) == (None, {}, None, ())
    assert (document.watch_at, document.try_at, document.deadline_at) == (None, None, None)


@arriving
def test_undo_my_turn_done_outer_is_undoing_and_says_so_when_undone(place, word):
    one = led(place, "outer", "done")
    assert one.meets(word) == Met("undo, my turn, done", "undoing", (), call=True)
    document = one.document
    assert document.lease
    assert (document.watch_at, document.attempts) == (None, 1)
    assert (document.give_up_at - one.clock.time).total_seconds() == A_DAY
    assert one.meets("yes") == Met("answer, undoing", "undone", ("K(k) undone",))
    assert (one.document.result, one.document.holds, one.document.lease) == (None, {}, None)
    assert one.document.give_up_at is None


@arriving
@kinds
def test_v7_undo_my_turn_rejected_says_it_for_the_first_time_then_again(place, word, kind):
    one = led(place, kind, "rejected")
    said = (*SAID_NO[place], NOTHING_UNDONE)
    assert one.meets(word) == Met("undo, my turn, rejected", "rejected", said)
    assert one.meets(word) == Met("undo, my turn, rejected", "rejected", (NOTHING_UNDONE,))
    assert one.last.say[0] == one.document.outbox[-1]


@arriving
def test_x3_undo_my_turn_undoing_does_nothing_for_it_ends_in_k_anyway(place, word):
    one = led(place, "outer", "undoing")
    document = one.document
    assert one.meets(word) == Met("undo, my turn, undoing", "undoing")
    assert one.document is document
    assert one.meets("yes").said == ("K(k) undone",)


@arriving
@kinds
def test_v7_undo_my_turn_undone_says_the_same_k_again(place, word, kind):
    one = led(place, kind, "undone")
    document = one.document
    assert one.meets(word) == Met("undo, my turn, undone", "undone", ("K(k) undone",))
    assert one.last.document is document
    assert one.last.say == document.outbox[-1:]


@arriving
@kinds
def test_v7_undo_my_turn_blocked_says_the_same_k_again(place, word, kind):
    one = led(place, kind, "blocked")
    document = one.document
    assert one.meets(word) == Met("undo, my turn, blocked", "blocked", (NOTHING_UNDONE,))
    assert one.last.document is document


@pytest.mark.parametrize(("place", "word"), [one for one in MY_TURN if one[0] != "first"])
@kinds
def test_v7_undo_my_turn_blocked_silently_says_k_for_the_first_time(place, word, kind):
    one = Led(place, kind == "outer")
    one.meets("R(k)")
    assert one.meets(word) == Met("undo, my turn, blocked", "blocked", (NOTHING_UNDONE,))
    first = one.last.say
    one.meets(word)
    assert one.last.say == first


@arriving
def test_undo_my_turn_parked_inner_is_undone(place, word):
    one = led(place, "inner", "parked")
    met = one.meets(word)
    assert (met.cell, met.state) == ("undo, my turn, parked", "undone")
    assert met.said[-1] == "K(k) undone"
    assert (one.document.record, one.document.deadline_at) == (None, None)


@arriving
def test_undo_my_turn_parked_outer_is_undoing_for_it_may_have_happened(place, word):
    one = led(place, "outer", "parked")
    assert one.meets(word) == Met("undo, my turn, parked", "undoing", (), call=True)
    assert one.document.deadline_at is None
    assert one.meets("yes").said[-1] == "K(k) undone"


@arriving
def test_undo_my_turn_parked_by_the_handler_needs_no_call(place, word):
    """It was never claimed, so nothing can have happened outside."""
    one = Led(place, outer=True, answer=BUG)
    one.meets("P(k-1)")
    assert one.meets(word).state == "undone"
    assert not one.last.call


@arriving
def test_undo_my_turn_undo_parked_does_nothing_for_it_ends_in_k_anyway(place, word):
    one = led(place, "outer", "undo_parked")
    document = one.document
    assert one.meets(word) == Met("undo, my turn, undo_parked", "undo_parked")
    assert one.document is document


@arriving
@kinds
def test_v9_k_has_one_id_and_one_body_whatever_asks_and_however_often(place, word, kind):
    for state in INNER_STATES if kind == "inner" else OUTER:
        one = led(place, kind, state)
        one.meets(word, "deadline", 31.0, "try", "yes", word, 1.0, word)
        assert len({said for said in one.ever if one.word(said).startswith("K")}) <= 1, state
