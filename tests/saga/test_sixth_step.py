"""A sixth step costs rows in journey.py, its event, and a folder of three files: nothing else.

The packages are copied, changed as CONTRIBUTING.md says, and played in a process of their own.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sixth_step

ROOT = Path(__file__).parents[2]
PACKAGES = ("contracts", "services", "saga_state")
GENERATED = ("contracts/schemas/", "contracts/asyncapi.json")
OLD = ["registration", "contract", "documents", "campaigns", "recruitment"]
NEW = [*OLD[:-1], "training", "recruitment"]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages with the sixth step."""
    root = tmp_path_factory.mktemp("sixth")
    for package in PACKAGES:
        leave_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, root / package, ignore=leave_out)
    sixth_step.add_to(root)
    return root


@pytest.fixture(scope="module")
def play(copy: Path) -> dict[str, Any]:
    return json.loads(python(copy, sixth_step.__file__))


@pytest.fixture(scope="module")
def generated(copy: Path, play: dict[str, Any]) -> str:
    """`python -m contracts.generate`, once the event has an example message."""
    example = copy / "contracts/examples/TrainingScheduled.v1.json"
    example.write_text(json.dumps(play["examples"][0], indent=2, sort_keys=True) + "\n")
    return python(copy, "-m", "contracts.generate")


def python(folder: Path, *arguments: str) -> str:
    environ = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def files(root: Path) -> dict[str, bytes]:
    found = (path for package in PACKAGES for path in (root / package).rglob("*"))
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in found
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_it_costs_rows_an_event_and_a_folder_of_three_files(copy, generated):
    before, after = files(ROOT), files(copy)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert {name for name in changed if not name.startswith(GENERATED)} == {
        "contracts/journey.py",
        "contracts/events.py",
        "contracts/examples/TrainingScheduled.v1.json",
        "services/training/__init__.py",
        "services/training/__main__.py",
        "services/training/rules.py",
    }


def test_what_is_generated_is_its_schema_and_the_asyncapi_document(generated):
    written = {line.removeprefix("wrote ") for line in generated.splitlines()}
    assert written == {
        "asyncapi.json",
        "schemas/TrainingScheduled.v1.json",
        "schemas/published/TrainingScheduled.v1.1.json",
    }


def test_sagas_of_both_versions_complete_side_by_side(play):
    assert {version: saga["status"] for version, saga in play["at rest"].items()} == {
        "1": "COMPLETED",
        "2": "COMPLETED",
    }


def test_each_goes_by_the_steps_of_its_own_version(play):
    for version, names in {"1": OLD, "2": NEW}.items():
        steps = play["at rest"][version]["steps"]
        assert list(steps) == names
        assert {state for state, _ in steps.values()} == {"done"}
    assert len(play["examples"]) == 1


def test_each_is_undone_in_reverse_by_the_steps_of_its_own_version(play):
    assert play["undone"] == {"1": OLD[::-1], "2": NEW[::-1]}


def test_the_projection_names_the_status_from_the_new_row(play):
    assert play["under way"]["1"]["status"] == "CAMPAIGNS_ENABLED"
    assert play["under way"]["2"]["status"] == "TRAINING_SCHEDULED"
    assert play["under way"]["2"]["current_step"] == "recruitment"


def test_the_database_takes_the_status_from_the_new_row(play):
    assert "TRAINING_SCHEDULED" in play["validator"]


def test_the_projection_keeps_the_number_of_the_new_step(play):
    assert play["at rest"]["2"]["steps"]["training"][1]["number"].startswith("TR-")


def test_topics_and_settings_of_the_new_step_are_there(play):
    assert play["topics"] == ["onboarding.training-scheduled", "onboarding.training.dlq"]
    assert play["settings"] == play["settings of another step"]
    assert {"rules", "timeout_seconds"} <= set(play["settings"])
    assert "partner-onboarding/2" in play["journeys"]
