"""How a command finds the running stack: environment, run.json, `.env`."""

import json
import os
from pathlib import Path

import pytest

from services.cli.errors import CliError
from services.cli.running_stack import find_stack, other_stack, read_run

RUN = {
    "kafka": "127.0.0.1:1111",
    "mongo": "mongodb://127.0.0.1:2222/?replicaSet=onboarding",
    "gateway": None,
    "processes": [{"name": "kafka", "pid": 1, "health_url": None}],
}
NOBODY = 2**22 + 1  # above the largest process id


@pytest.fixture(autouse=True)
def nothing_set(bare) -> None:
    """Each test starts without settings."""


def a_stack_in(folder: Path, holder: int | None = None, **run: object) -> Path:
    folder.mkdir()
    (folder / "lock").write_text(str(holder or os.getpid()))
    (folder / "run.json").write_text(json.dumps({**RUN, **run}))
    return folder


def test_the_stack_of_the_working_folder_is_found(tmp_path):
    a_stack_in(tmp_path / ".onboarding")
    found = find_stack(None)
    assert (found.settings.kafka, found.mongo) == (RUN["kafka"], RUN["mongo"])


def test_a_folder_can_be_named(tmp_path):
    found = find_stack(a_stack_in(tmp_path / "other"))
    assert found.settings.kafka == RUN["kafka"]


def test_a_broker_that_up_started_is_alone_so_topics_have_one_copy(tmp_path):
    assert find_stack(a_stack_in(tmp_path / "ours")).settings.replication == 1
    assert find_stack(a_stack_in(tmp_path / "theirs", processes=[])).settings.replication == 3


def test_the_environment_wins_and_a_folder_that_was_named_is_not_passed_over_silently(
    tmp_path, monkeypatch, capsys
):
    folder = a_stack_in(tmp_path / "other")
    monkeypatch.setenv("ONBOARDING_KAFKA", "kafka.example:9092")
    found = find_stack(folder)
    assert (found.settings.kafka, found.mongo) == ("kafka.example:9092", RUN["mongo"])
    assert found.settings.replication == 3
    assert "ONBOARDING_KAFKA of the environment is used" in capsys.readouterr().err


def test_a_running_stack_wins_over_dotenv(tmp_path):
    (tmp_path / ".env").write_text("ONBOARDING_KAFKA=kafka.example:9092\n")
    assert find_stack(None, ("kafka",)).settings.kafka == "kafka.example:9092"
    a_stack_in(tmp_path / ".onboarding")
    assert find_stack(None).settings.kafka == RUN["kafka"]


@pytest.mark.parametrize(
    ("name", "gone", "command"),
    [
        ("KAFKA", "127.0.0.1:1", "events"),
        ("KAFKA", "127.0.0.1:1", "topics check"),
        ("MONGO", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100", "list"),
        ("MONGO", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100", "why --all"),
    ],
)
def test_a_server_of_a_stack_that_has_ended_is_told_with_how_to_have_the_one_that_runs(
    tmp_path, monkeypatch, onboarding, name, gone, command
):
    a_stack_in(tmp_path / ".onboarding")
    monkeypatch.setenv(f"ONBOARDING_{name}", gone)
    ended = onboarding(*command.split())
    assert ended.code == 1
    assert ended.error.endswith(
        "; the stack in .onboarding is at another address: "
        f'`eval "$(onboarding env)"` again, or `unset ONBOARDING_{name}`'
    )


def test_the_doctor_has_that_as_a_remedy_too(tmp_path, monkeypatch, onboarding):
    gone = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100"
    a_stack_in(tmp_path / ".onboarding", kafka="127.0.0.1:1", mongo=f"{gone}0")
    monkeypatch.setenv("ONBOARDING_MONGO", gone)
    rows = json.loads(onboarding("doctor", "-o", "json").out)
    remedies = {one["what"]: one["remedy"] for one in rows}
    assert remedies["mongo"].endswith("`unset ONBOARDING_MONGO`")
    assert "another address" not in remedies["kafka"]


def test_a_server_of_no_other_stack_is_not_told_so(tmp_path, monkeypatch):
    monkeypatch.setenv("ONBOARDING_KAFKA", RUN["kafka"])
    assert other_stack("kafka") == ""
    a_stack_in(tmp_path / ".onboarding")
    assert (other_stack("kafka"), other_stack("mongo")) == ("", "")


@pytest.mark.parametrize("needs", [("kafka",), ("mongo",), ("kafka", "mongo")])
def test_without_any_the_line_says_what_to_do(needs):
    with pytest.raises(CliError) as refused:
        find_stack(None, needs)
    assert refused.value.exit_code == 2
    line = str(refused.value)
    assert line.startswith("no stack runs in .onboarding: start one with `onboarding up`")
    assert line.endswith(" and ".join(f"ONBOARDING_{name.upper()}" for name in needs))


def test_what_a_killed_up_left_behind_is_not_a_running_stack(tmp_path):
    assert read_run(a_stack_in(tmp_path / "dead", holder=NOBODY)) is None


@pytest.mark.parametrize("content", ["", "{", "nothing"])
def test_a_broken_run_file_is_none(tmp_path, content):
    folder = a_stack_in(tmp_path / "broken")
    (folder / "run.json").write_text(content)
    assert read_run(folder) is None


def test_a_wrong_setting_is_named(monkeypatch):
    monkeypatch.setenv("ONBOARDING_PARTITIONS", "many")
    with pytest.raises(CliError, match=r"^ONBOARDING_PARTITIONS: ") as refused:
        find_stack(None)
    assert refused.value.exit_code == 2
