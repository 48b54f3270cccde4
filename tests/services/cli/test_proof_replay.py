"""What a violation leaves behind: a timeline, and a test that replays it with the code as it is."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.journey import PARTNER_CREATION_1
from services.cli.proof.replay import replayed
from services.cli.proof.report import write_test
from services.cli.proof.runs import BOTH, Run
from services.cli.proof.states import Budgets
from services.cli.proof.workers import Proved, prove
from services.runtime import case
from tests.services.cli.proof_planting import no_effect, plant

pytestmark = pytest.mark.slow

FENCE = Run("no fence", PARTNER_CREATION_1, BOTH, Budgets(crash=1, early=1, request=1))
ROUND = Run("round", PARTNER_CREATION_1, BOTH, Budgets(early=1, request=1), names=("contract",))


def test_the_test_that_is_written_fails_in_the_same_way(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    plant(monkeypatch, "undo, my turn", {"absent": no_effect})
    proved = prove(FENCE, 100_000)
    path = write_test(tmp_path, proved)
    assert path == tmp_path / "reports" / "test_found_in_no_fence.py"
    with pytest.raises(AssertionError, match="I1"):
        the_test_in(path)()


def test_it_passes_once_the_mistake_is_mended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    with monkeypatch.context() as planted:
        plant(planted, "undo, my turn", {"absent": no_effect})
        path = write_test(tmp_path, prove(FENCE, 100_000))
    the_test_in(path)()


def test_a_saga_that_goes_round_in_circles_is_replayed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    plant(monkeypatch, "undo, my turn", {"undone": case.say_again})
    proved = prove(ROUND, 100_000)
    assert "for ever" in last_line(proved)
    with pytest.raises(AssertionError, match="for ever"):
        the_test_in(write_test(tmp_path, proved))()


def test_moves_that_the_code_does_not_make_break_nothing():
    assert replayed(FENCE, [("contract", "is struck by lightning", "")]) is None


def last_line(proved: Proved) -> str:
    return proved.timeline[-1]


def the_test_in(path: Path) -> Callable[[], None]:
    spec = importlib.util.spec_from_file_location("found", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.test_this_order_of_events_breaks_nothing
