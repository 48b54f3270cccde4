"""`onboarding capture`: the test that it writes is run, green and red, and names nobody."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from captured_given import EXPIRED, PERSONAL, T0, forms, happened

from saga_state.event_words import in_time
from saga_state.records import stored_form
from services.cli.capture.playing import Played
from services.cli.capture.recording import captured
from services.cli.capture.source import as_expected, as_recorded
from services.cli.capture.stage import Stage
from services.cli.replaced_values import Replacing
from services.runtime.step import Outcome, Rejected, StepService
from services.steps import all_steps
from tests.conftest import RealServers
from tests.sources import ROOT

pytestmark = pytest.mark.timeout(900)

PACKAGES = ("contracts", "services", "saga_state")
BUG = """
def draw_up(event: PartnerRegistrationCompleted, effects: Effects[ContractRules]) -> Outcome:
    raise ValueError("a bug")

"""


def run_test(file: Path, folder: Path = ROOT) -> int:
    """The exit code of pytest: 0 green, 1 red. In a process of its own, on the code in a folder."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=file.parent, env=environ, capture_output=True, text=True, timeout=300
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.returncode


@pytest.fixture
def kept(
    projected: Callable[..., None], real_servers: RealServers, prefix: str
) -> Callable[[Stage], str]:
    """Keeps a played saga where the command line finds it; its id."""
    from pymongo import AsyncMongoClient

    async def keep(stage: Stage) -> None:
        async with AsyncMongoClient(real_servers.mongo) as client:
            for step, form in forms(stage).items():
                await client[f"{prefix}onboarding_{step}"].steps.insert_one(form)

    def keep_all(stage: Stage) -> str:
        projected(*stage.events())
        asyncio.run(keep(stage))
        return stage.context.saga_id

    return keep_all


@pytest.mark.servers
def test_a_captured_saga_is_a_green_test_and_a_red_one_if_it_is_to_end_otherwise(
    kept, onboarding, tmp_path
):
    saga = kept(happened(documents=EXPIRED))
    green, red = tmp_path / "test_green.py", tmp_path / "test_red.py"
    told = onboarding("capture", saga, "-o", str(green))
    assert (told.code, told.out) == (0, "")
    assert f"wrote {green}" in told.error
    assert onboarding("capture", saga, "--expect", "completed", "-o", str(red)).code == 0
    assert (run_test(green), run_test(red)) == (0, 1)
    for text in (green.read_text(), red.read_text()):
        assert f"Saga {saga}" in text
        assert not any(word in text for word in PERSONAL)
        assert "2020-01-31" in text


@pytest.mark.servers
def test_an_ending_that_comes_by_itself_makes_a_green_test_which_is_said(kept, onboarding):
    saga = kept(happened(documents=EXPIRED))
    told = onboarding("capture", saga, "--expect", "COMPENSATED")
    assert "it ends COMPENSATED: the test is green already" in told.error
    assert told.out.startswith(f'"""Saga {saga}, as it is to end: COMPENSATED.')


@pytest.mark.servers
def test_what_cannot_be_captured_is_said_in_a_line(kept, projected, onboarding, tmp_path):
    stage = happened()
    saga, file = kept(stage), tmp_path / "test_it.py"
    file.write_text("mine")
    there = onboarding("capture", saga, "-o", str(file))
    assert (there.code, ": the file exists" in there.error) == (2, True)
    assert file.read_text() == "mine"
    assert onboarding("capture", "nobody").code == 1
    assert onboarding("capture", saga, "--expect", "BETTER").code == 2


@pytest.mark.servers
def test_a_saga_that_does_not_go_so_with_the_code_that_is_here_is_written_and_said(
    kept, onboarding, tmp_path
):
    """It was recorded where the contract step said no; here it completes."""
    no = Rejected("CONTRACT_TYPE_NOT_ALLOWED", "No.")
    saga, file = kept(happened(with_contract(lambda *_: no))), tmp_path / "test_it.py"
    told = onboarding("capture", saga, "-o", str(file))
    assert told.code == 1
    assert "does not go as it was recorded: not said: contract says" in told.err
    assert "the code or the rules are others" in told.err
    assert run_test(file) == 1


def with_contract(handler: Callable[..., Outcome]) -> list[StepService]:
    """All steps, one of which decides otherwise."""
    return [replace(one, handler=handler) if one.name == "contract" else one for one in all_steps()]


def buggy(*_: object) -> Outcome:
    raise ValueError("a bug")


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages with a bug in the contract step."""
    root = tmp_path_factory.mktemp("broken")
    for package in PACKAGES:
        leave_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, root / package, ignore=leave_out)
    file = root / "services/contract/__init__.py"
    text = file.read_text()
    assert "STEP = StepService(" in text
    file.write_text(text.replace("STEP = StepService(", f"{BUG}\nSTEP = StepService("))
    return root


@pytest.mark.slow
def test_a_bug_is_captured_green_where_it_is_and_is_to_complete_green_where_it_is_mended(
    broken, tmp_path
):
    stage = happened(with_contract(buggy))
    saga, events = stage.saga(), in_time(stored_form(one, T0) for one in stage.events())
    assert (saga["status"], saga["failure"]["code"]) == ("COMPENSATED", "TIMEOUT")
    made = captured(saga, events, forms(stage), all_steps(), {}, Replacing(b"k"))
    went, ends = tmp_path / "test_went.py", tmp_path / "test_ends.py"
    went.write_text(as_recorded(made, Played(saga, None), T0))
    ends.write_text(as_expected(made, Played(saga, None), T0, "COMPLETED"))
    assert (run_test(went, broken), run_test(ends, broken)) == (0, 1)
    assert (run_test(went), run_test(ends)) == (1, 0)
