"""How the tests of the proof plant a mistake and have it found."""

from collections.abc import Mapping

import pytest

from services.cli.proof.runs import Run
from services.cli.proof.search import Found, search
from services.cli.proof.states import Budgets
from services.cli.proof.timeline import told
from services.runtime import protocol
from services.runtime.case import Case, Cell, Outcome

SMALL = Budgets(crash=1, duplicate=1, early=1, request=1)
CALLS = Budgets(crash=1, early=1, request=1, lost=1, no=1)
TIME = Budgets(early=1, request=1)
PARKED = Budgets(duplicate=1, request=1, bug=1, redrive=1, resolve=1)
GONE = Budgets(crash=1, dead=1, no=1)


def plant(monkeypatch: pytest.MonkeyPatch, row: str, cells: Mapping[str, Cell]) -> None:
    """Other cells in one row of the table."""
    table = {**protocol.TABLE, row: {**protocol.TABLE[row], **cells}}
    monkeypatch.setattr(protocol, "TABLE", table)


def no_effect(one: Case) -> Outcome:
    return Outcome(one.document)


def assert_found(run: Run, broken: str, most: int = 200_000) -> Found:
    """The violation is found, named by its rule, and told as a timeline."""
    world = run.world()
    found = search(world, run.budgets, most)
    assert found.violation is not None, f"not found in {found.states} states"
    lines = told(world, found.violation)
    assert found.violation.what.startswith(broken), "\n".join(lines)
    assert lines[-1].endswith(found.violation.what)
    assert len(lines) == len(found.violation.way) + 1
    return found
