"""The search itself: the protocol holds in small worlds, and mistakes in its table are found."""

from dataclasses import replace

import pytest

from contracts.journey import PARTNER_CREATION_1, PARTNER_ONBOARDING_1
from services.cli.proof.runs import BOTH, NO_TERMS, Run
from services.cli.proof.search import search
from services.cli.proof.states import Budgets
from services.runtime import case, doing, protocol, undoing
from services.runtime.case import Case, Cell, Outcome
from services.runtime.part import Part
from services.runtime.step import Rejected
from tests.services.cli.proof_planting import (
    CALLS,
    PARKED,
    SMALL,
    TIME,
    assert_found,
    no_effect,
    plant,
)

pytestmark = pytest.mark.slow

HOLDS = {
    "inner": Run("inner", PARTNER_CREATION_1, (), SMALL, with_cause=True),
    "inner, no": Run("inner, no", PARTNER_CREATION_1, (), SMALL, NO_TERMS, with_cause=True),
    "outer": Run("outer", PARTNER_CREATION_1, BOTH, SMALL, with_cause=True),
    "five": Run("five", PARTNER_ONBOARDING_1, (), Budgets(crash=1, duplicate=1, request=1)),
}


@pytest.mark.parametrize("name", HOLDS)
def test_nothing_that_must_not_be_can_be_reached(name: str):
    found = search(HOLDS[name].world(), HOLDS[name].budgets, most=100_000)
    assert found.complete
    assert found.violation is None
    assert found.states > 500


def deadline_read_as_no(one: Case) -> Outcome:
    free = replace(one.known, lease=None, try_at=None)
    return doing._no(free, one, Rejected("TIMEOUT", "Too late."))


def do_it_all_the_same(one: Case) -> Outcome:
    """As if nothing were recorded, over what is recorded."""
    fresh = doing.begin(replace(one, document=None))
    assert fresh.document is not None
    return replace(fresh, document=replace(fresh.document, revision=one.known.revision))


def forget_under_a_lease(one: Case) -> Outcome:
    return no_effect(one) if one.is_called else undoing.undo_when_free(one)


def record_without_the_guard(one: Case) -> Outcome:
    """As it was decided when the call began: the undo that came meanwhile is overwritten."""
    if case.answer_of(one) is None:
        return no_effect(one)
    return doing.do_answered(replace(one, document=replace(one.known, undo_wanted=False)))


def block_silently(one: Case) -> Outcome:
    return Outcome(undoing._blocked(one))


MISTAKES: dict[str, tuple[str, str, Cell, Budgets, str]] = {
    "no fence": ("undo, my turn", "absent", no_effect, CALLS, "I1"),
    "no fence at or after": ("undo, at or after", "absent", no_effect, CALLS, "I"),
    "a do after the undo": ("do", "undone", do_it_all_the_same, CALLS, "I4"),
    "a do after the undo that came first": ("do", "blocked", do_it_all_the_same, CALLS, "I4"),
    "an undo forgotten under a lease (V3)": (
        "undo, my turn", "pending", forget_under_a_lease, CALLS, "I"),
    "an answer recorded without the guard": (
        "answer", "pending", record_without_the_guard, CALLS, "I"),
    "a deadline read as a no (V1)": ("deadline", "pending", deadline_read_as_no, CALLS, "I"),
    "the whole outbox said again": ("undo, my turn", "undone", case.say_again, TIME, "I1"),
    "a rejected step is silent (V7)": ("undo, my turn", "rejected", no_effect, CALLS, "V7"),
    "a blocked step is silent in its turn (V7)": (
        "undo, my turn", "blocked", no_effect, TIME, "V7"),
    "a parked undo is said to be done (V4)": (
        "undo, my turn", "undo_parked", undoing.say_undone, PARKED, "I7"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_the_table_is_found(name: str, monkeypatch: pytest.MonkeyPatch):
    row, state, cell, budgets, broken = MISTAKES[name]
    plant(monkeypatch, row, {state: cell})
    assert_found(Run(name, PARTNER_CREATION_1, BOTH, budgets), broken)


def test_undo_at_once_is_found(monkeypatch: pytest.MonkeyPatch):
    in_turn = protocol._undo_row

    def at_once(failed_step: str | None, part: Part, journey) -> str:
        return in_turn(failed_step, part, journey) or "undo, my turn"

    monkeypatch.setattr(protocol, "_undo_row", at_once)
    assert_found(Run("at once", PARTNER_CREATION_1, (), Budgets(request=1)), "I7")


def test_a_first_step_that_is_silent_though_it_was_named_is_found(monkeypatch: pytest.MonkeyPatch):
    """V6: nobody else says the word for which the saga waits."""
    plant(monkeypatch, "undo, at or after", {"absent": block_silently})
    run = Run("V6", PARTNER_CREATION_1, (), Budgets(request=1), names=("registration",))
    assert_found(run, "I1")
