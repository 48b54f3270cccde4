"""The search itself: the protocol holds in the small worlds, and known mistakes are found."""

from dataclasses import replace

import pytest

from contracts.journey import PARTNER_CREATION_1, PARTNER_ONBOARDING_1
from services.cli.proof import states
from services.cli.proof.runs import BOTH, NO_TERMS, Run
from services.cli.proof.search import Found, search
from services.cli.proof.states import Budgets
from services.cli.proof.timeline import told
from services.runtime import case, doing, protocol, undoing
from services.runtime.case import Case, Cell, Outcome
from services.runtime.step import Rejected

SMALL = Budgets(crash=1, duplicate=1, early=1, request=1)
OUTER = SMALL._replace(duplicate=0, lost=1, no=1)
TIME = Budgets(crash=0, duplicate=0, early=1, request=1)
HOLDS = {
    "inner": Run("inner", PARTNER_CREATION_1, (), SMALL, with_cause=True),
    "inner, no": Run("inner, no", PARTNER_CREATION_1, (), SMALL, NO_TERMS, with_cause=True),
    "outer": Run("outer", PARTNER_CREATION_1, BOTH, SMALL, with_cause=True),
    "five": Run(
        "five", PARTNER_ONBOARDING_1, (), Budgets(crash=1, duplicate=1, request=1, early=0)
    ),
}


@pytest.mark.parametrize("name", HOLDS)
def test_nothing_that_must_not_be_can_be_reached(name: str):
    found = search(HOLDS[name].world(), HOLDS[name].budgets, most=100_000)
    assert found.complete
    assert found.violation is None
    assert found.states > 500


def no_effect(one: Case) -> Outcome:
    return Outcome(one.document)


def deadline_read_as_no(one: Case) -> Outcome:
    free = replace(one.known, lease=None, try_at=None)
    return doing._no(free, one, Rejected("TIMEOUT", "Too late."))


def do_it_all_the_same(one: Case) -> Outcome:
    """As if nothing were recorded, over what is recorded."""
    fresh = doing.begin(replace(one, document=None))
    assert fresh.document is not None
    return replace(fresh, document=replace(fresh.document, revision=one.known.revision))


def say_all_again(one: Case) -> Outcome:
    return case.say_again(one)


def forget_under_a_lease(one: Case) -> Outcome:
    return no_effect(one) if one.is_called else undoing.undo_when_free(one)


MISTAKES: dict[str, tuple[str, str, Cell, Budgets, str]] = {
    "no fence": ("undo, my turn", "absent", no_effect, OUTER, "I1"),
    "no fence at or after": ("undo, at or after", "absent", no_effect, OUTER, "I1"),
    "a do after the undo": ("do", "undone", do_it_all_the_same, OUTER, "I"),
    "an undo forgotten under a lease": (
        "undo, my turn",
        "pending",
        forget_under_a_lease,
        OUTER,
        "I1",
    ),
    "a deadline read as a no": ("deadline", "pending", deadline_read_as_no, OUTER, "I1"),
    "the whole outbox said again": ("undo, my turn", "undone", say_all_again, TIME, "I1"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_known_mistake_is_found(name: str, monkeypatch: pytest.MonkeyPatch):
    row, state, cell, budgets, broken = MISTAKES[name]
    table = {**protocol.TABLE, row: {**protocol.TABLE[row], state: cell}}
    monkeypatch.setattr(protocol, "TABLE", table)
    assert_found(Run(name, PARTNER_CREATION_1, BOTH, budgets), broken)


def test_an_outside_system_without_tombstones_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(states, "TOMB", 0)
    assert_found(Run("no tombstone", PARTNER_CREATION_1, BOTH, OUTER), "I2")


def assert_found(run: Run, broken: str, most: int = 200_000) -> Found:
    world = run.world()
    found = search(world, run.budgets, most)
    assert found.violation is not None, f"not found in {found.states} states"
    assert found.violation.what.startswith(broken), found.violation.what
    assert told(world, found.violation)[-1].endswith(found.violation.what)
    return found
