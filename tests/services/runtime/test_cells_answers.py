"""The row "answer": what the outside system said to a do or to an undo, under all marks."""

import pytest
from cells_given import A_DAY, OUTER, PLACES, TO_A_BUG, Led, Met, led
from runtime_given import NO

from services.runtime.arrivals import Answered

places = pytest.mark.parametrize("place", PLACES)
YES = {"first": ("P",), "middle": ("P",), "last": ("C", "P")}
REFUSED = {"first": (), "middle": ("R(k)",), "last": ("R(k)",)}
MARKS = {
    "undo_wanted": ("my turn",),
    "deadline_spoke": ("deadline",),
    "both": ("my turn", "deadline"),
}
ANSWERS = ("yes", "no", "later", "bug")
marked = pytest.mark.parametrize("marks", MARKS)
REQUEST_LIFE = 60.0


def no(place: str, code: str = "NOT_TODAY") -> tuple[str, ...]:
    return (*REFUSED[place], f"F(k) {code}")


def pending(place: str, marks: str | None = None) -> Led:
    """Called, with a lease; `marks` as they came while it was called."""
    one = led(place, "outer", "pending")
    if marks:
        one.meets(*MARKS[marks])
    assert one.document.lease
    return one


@places
def test_answer_yes_pending_is_done_and_says_p(place):
    one = pending(place)
    assert one.meets("yes") == Met("answer, pending", "done", YES[place])
    document = one.document
    assert (document.lease, document.try_at, document.deadline_at) == (None, None, None)
    assert (document.plan, document.record) == ((), None)
    assert document.result == {"number": "N-1"}


@places
def test_answer_no_pending_is_rejected_and_says_failure_and_request(place):
    one = pending(place)
    assert one.meets("no") == Met("answer, pending", "rejected", no(place))
    document = one.document
    assert document.refusal.code == NO.code
    assert (document.lease, document.try_at, document.deadline_at) == (None, None, None)
    assert (document.result, document.plan, document.holds) == (None, (), {})


@places
def test_answer_later_pending_stays_pending_until_the_next_try(place):
    one = pending(place)
    deadline_at = one.document.deadline_at
    assert one.meets("later") == Met("answer, pending", "pending")
    document = one.document
    assert (document.lease, document.deadline_at) == (None, deadline_at)
    assert document.try_at == one.part.next_try_at(one.clock.time, 1)
    for _ in range(12):
        one.meets(30.0, "try", "later")
    assert (one.state, one.document.attempts) == ("pending", 13)  # the deadline decides


@places
def test_answer_bug_pending_is_parked_after_a_few_tries(place):
    one = pending(place)
    assert one.meets("bug") == Met("answer, pending", "pending")
    assert one.meets(1.0, "try", "bug") == Met("answer, pending", "pending")
    deadline_at = one.document.deadline_at
    met = one.meets(1.0, "try", "bug")
    assert (met.cell, met.state, met.call) == ("answer, pending", "parked", False)
    assert met.said == ("parked",)
    document = one.document
    assert (document.refusal.code, document.refusal.reason) == ("BUG", "ValueError at x.py:1")
    assert (document.lease, document.try_at, document.deadline_at) == (None, None, deadline_at)


@places
@marked
@pytest.mark.parametrize("answer", ["yes", "later", "bug"])
def test_x1_answer_yes_later_or_bug_pending_under_any_mark_is_undoing(place, marks, answer):
    """Whatever became of it is to be undone; F was said at the deadline, and is not said again."""
    one = pending(place, marks)
    assert one.meets(answer) == Met("answer, pending", "undoing", (), call=True)
    assert one.document.lease
    assert (one.document.deadline_at, one.document.attempts) == (None, 1)
    said = one.meets("yes").said
    assert said[-1] == "K(k) undone"
    assert said.count("F(k) TIMEOUT") == (marks != "undo_wanted")


@places
@marked
def test_x1_answer_bug_pending_under_any_mark_is_never_parked(place, marks):
    one = led(place, "outer", "pending")
    one.meets(*TO_A_BUG[:-1], *MARKS[marks])
    assert one.document.attempts == 3
    assert one.meets("bug").state == "undoing"


@places
def test_x2_answer_no_pending_under_undo_wanted_alone_is_rejected_as_ever(place):
    one = pending(place, "undo_wanted")
    assert one.meets("no") == Met("answer, pending", "rejected", no(place))
    assert one.meets("my turn").said[-1] == "K(k) nothing_to_undo"


@places
@pytest.mark.parametrize("marks", ["deadline_spoke", "both"])
def test_x2_answer_no_pending_after_deadline_spoke_is_blocked_without_a_second_failure(
    place, marks
):
    one = pending(place, marks)
    said = (*no(place, "TIMEOUT"), "K(k) nothing_to_undo")
    assert one.meets("no") == Met("answer, pending", "blocked", said)
    assert one.words(one.document.outbox) == said
    document = one.document
    assert (document.lease, document.try_at, document.result) == (None, None, None)
    assert (document.plan, document.holds, document.record) == ((), {}, None)


@places
@pytest.mark.parametrize("marks", [None, *MARKS])
@pytest.mark.parametrize("answer", ANSWERS)
def test_w5_answer_pending_of_another_lease_counts_for_nothing(place, marks, answer):
    one = pending(place, marks)
    document = one.document
    told = Answered("an older lease", NO if answer == "no" else answer)
    assert one.meets(told) == Met("answer, pending", "pending")
    assert one.document is document


@places
@pytest.mark.parametrize("answer", ANSWERS)
def test_w5_answer_pending_after_its_lease_was_given_back_counts_for_nothing(place, answer):
    """It was given up, and another try may run."""
    one = pending(place)
    late = Answered(one.lease, NO if answer == "no" else answer)
    one.meets("later")
    document = one.document
    assert one.meets(late) == Met("answer, pending", "pending")
    assert one.document is document


@places
@pytest.mark.parametrize("answer", ANSWERS)
def test_v2_answer_of_a_do_that_comes_while_undoing_counts_for_nothing(place, answer):
    """The call came late; the undo leaves a tombstone, or removes what it did."""
    one = pending(place)
    late = Answered(one.lease, NO if answer == "no" else answer)
    one.meets(30.0, "my turn")
    document = one.document
    assert one.meets(late) == Met("answer, undoing", "undoing")
    assert one.document is document


@places
def test_answer_yes_undoing_is_undone_and_says_k(place):
    one = led(place, "outer", "undoing")
    assert one.meets("yes") == Met("answer, undoing", "undone", ("K(k) undone",))
    assert (one.document.lease, one.document.try_at, one.document.give_up_at) == (None,) * 3


@places
@pytest.mark.parametrize("answer", ["later", "no"])
def test_answer_later_undoing_is_tried_again_for_a_day(place, answer):
    one = led(place, "outer", "undoing")
    assert one.meets(answer) == Met("answer, undoing", "undoing")
    assert one.document.lease is None
    assert one.document.try_at == one.part.next_try_at(one.clock.time, 1)
    assert one.meets(A_DAY / 2, "try", answer).state == "undoing"
    met = one.meets(A_DAY / 2, "try", answer)
    assert (met.state, met.said[-1]) == ("undo_parked", "undo_parked")
    assert (one.document.lease, one.document.try_at, one.document.give_up_at) == (None,) * 3


@places
def test_w1_answer_bug_undoing_is_undo_parked_after_a_few_tries_and_says_so(place):
    one = led(place, "outer", "undoing")
    assert one.meets("bug").state == "undoing"
    assert one.meets(1.0, "try", "bug").state == "undoing"
    met = one.meets(1.0, "try", "bug")
    assert (met.cell, met.state, met.call) == ("answer, undoing", "undo_parked", False)
    assert met.said[-1] == "undo_parked"
    assert one.document.refusal.reason == "ValueError at x.py:1"


@places
@pytest.mark.parametrize("answer", ["later", "bug", "no"])
def test_x4_answer_undoing_of_what_a_person_resolved_goes_on_until_no_request_can_live(
    place, answer
):
    one = led(place, "outer", "undo_parked")
    one.meets("resolve")
    for _ in range(5):
        assert one.meets(answer, 2.0, "try").state == "undoing"
    one.meets(REQUEST_LIFE, "try")
    met = one.meets(answer)
    assert (met.cell, met.state, met.said[-1]) == (
        "answer, undoing", "undone", "K(k) resolved_by_operator",
    )  # fmt: skip


@places
def test_x4_answer_later_undoing_of_what_a_person_resolved_is_not_put_off_beyond_its_end(place):
    one = led(place, "outer", "undo_parked")
    one.meets("resolve")
    for pause in (0.4, 0.8, 1.6, 3.2, 6.4, 12.8):
        one.meets("later", pause, "try")
    one.meets(20.0, "later")
    assert one.document.try_at == one.document.give_up_at


@places
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("state", [state for state in OUTER if state not in ("pending", "undoing")])
def test_answer_in_any_other_state_counts_for_nothing(place, answer, state):
    one = led(place, "outer", state)
    document = one.document
    cell = "answer, pending" if state == "pending, free" else "ignored"
    assert one.meets(answer) == Met(cell, state.partition(",")[0])
    assert one.last.document is document


@pytest.mark.parametrize("state", ["pending", "undoing"])
@pytest.mark.parametrize("answer", ["later", "bug"])
def test_what_a_call_came_to_that_is_made_again_is_kept_for_a_person_until_it_is_answered(
    state, answer
):
    one = led("middle", "outer", state)
    one.meets(Answered(one.document.lease, answer, "HTTP 503"))
    assert (one.state, one.document.last_answer) == (state, "HTTP 503")
    one.meets(30.0, "try")
    assert one.document.last_answer == "HTTP 503"
    one.meets("yes")
    assert one.document.last_answer is None


def test_what_parks_a_step_stands_in_its_refusal_alone():
    one = led("middle", "outer", "parked")
    assert (one.document.refusal.code, one.document.last_answer) == ("BUG", None)
