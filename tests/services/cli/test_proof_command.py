"""`onboarding prove`: what it prints, leaves behind and ends with."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contracts.journey import PARTNER_CREATION_1
from services.cli.errors import INTERRUPTED, NO, CliError
from services.cli.main import app
from services.cli.proof import proving
from services.cli.proof.coverage import all_cells, missing
from services.cli.proof.runs import BOTH, RUNS, Run
from services.cli.proof.states import Budgets
from services.cli.proof.workers import Proved, prove, prove_all
from tests.services.cli.proof_planting import no_effect, plant

pytestmark = pytest.mark.slow

ONE = Run("one", PARTNER_CREATION_1, BOTH, Budgets(request=1))


def search_only(monkeypatch: pytest.MonkeyPatch, *runs: Run, unmet: tuple[str, ...] = ()) -> None:
    """In this process, and as if all but these cells were met."""
    monkeypatch.setattr(proving, "RUNS", runs)
    monkeypatch.setattr(proving, "prove_all", lambda runs, most: (prove(one, most) for one in runs))
    monkeypatch.setattr(proving, "missing", lambda _met: list(unmet))


def test_it_prints_figures_and_leaves_a_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    search_only(monkeypatch, ONE)
    proving.prove(1000, tmp_path)
    text = capsys.readouterr().out
    for word in ("one (request 1)", "states", "transitions", "depth", "undo, my turn"):
        assert word in text
    report = json.loads((tmp_path / "reports" / "prove.json").read_text())
    assert report["seed"] is None
    assert set(report) == {"seed", "date", "machine", "figures"}
    goals = {one["figure"]: one["met"] for one in report["figures"] if one["goal"] is not None}
    assert goals == {
        "violations": True,
        "searches that were cut short": True,
        "cells of the table not met": True,
        "time": True,
    }


def test_a_violation_ends_with_1_and_leaves_a_test(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    search_only(monkeypatch, ONE)
    plant(monkeypatch, "undo, my turn", {"done": no_effect})
    with pytest.raises(CliError) as ended:
        proving.prove(1000, tmp_path)
    assert ended.value.exit_code == NO
    text = capsys.readouterr().out
    assert "a person asks CompensationRequested" in text
    assert (tmp_path / "reports" / "test_found_in_one.py").exists()


def test_a_cell_that_was_not_met_ends_with_1(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    search_only(monkeypatch, ONE, unmet=("resolve, undo_parked",))
    with pytest.raises(CliError, match="resolve, undo_parked") as ended:
        proving.prove(1000, tmp_path)
    assert ended.value.exit_code == NO


def test_a_search_that_was_cut_short_ends_with_1(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    search_only(monkeypatch, ONE)
    with pytest.raises(CliError, match="cut it short"):
        proving.prove(10, tmp_path)


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def interrupted(*_: object) -> Iterator[Proved]:
        yield prove(ONE, 1000)
        raise KeyboardInterrupt

    monkeypatch.setattr(proving, "prove_all", interrupted)
    with pytest.raises(CliError, match="1 of") as ended:
        proving.prove(1000, tmp_path)
    assert ended.value.exit_code == INTERRUPTED


def test_a_wrong_bound_ends_with_2():
    assert CliRunner().invoke(app, ["prove", "--most", "0"]).exit_code == 2


def test_several_worlds_are_searched_in_processes_of_their_own():
    runs = [ONE, Run("two", PARTNER_CREATION_1, (), Budgets(early=1))]
    proved = {one.run.name: one for one in prove_all(runs, 1000)}
    assert set(proved) == {"one", "two"}
    assert all(one.found.complete for one in proved.values())


@pytest.mark.timeout(60)  # the rest would take minutes
def test_who_leaves_early_does_not_wait_for_the_rest():
    runs = [ONE, *RUNS[:2]]
    for _ in prove_all(runs, 10_000_000):
        break


def test_a_cell_that_no_search_met_is_missing():
    met = dict.fromkeys(all_cells(), 1) | {"redrive, parked": 0}
    assert missing(met) == ["redrive, parked"]


def test_the_worlds_have_the_budgets_that_are_promised():
    real = next(run for run in RUNS if run.name == "five steps, real")
    assert real.budgets == Budgets(crash=1, duplicate=1, early=1, request=1)
    assert len(real.journey.steps) == 5
    assert len(real.outer) == 3
