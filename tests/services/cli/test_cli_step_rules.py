"""Wrong rules of a step are told before anything starts, in the words of that step's process."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

NAME, VALUE = "ONBOARDING_REGISTRATION_RULES", '{"denied_countries": ["France"]}'


@pytest.fixture(autouse=True)
def wrong_rules(bare, monkeypatch) -> None:
    """Each test starts with these rules, and no other settings."""
    monkeypatch.setenv(NAME, VALUE)


@pytest.fixture(scope="module")
def line_of_the_service() -> str:
    clean = {key: text for key, text in os.environ.items() if not key.startswith("ONBOARDING_")}
    done = subprocess.run(
        [sys.executable, "-m", "services.registration"],
        env={**clean, NAME: VALUE},
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 2
    return done.stderr.strip()


@pytest.mark.parametrize("command", ["config", "up", "demo", "up --broker external"])
def test_they_are_one_line_and_exit_2_and_nothing_is_started(
    onboarding, tmp_path, monkeypatch, line_of_the_service, command
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where the demo makes its folder
    ended = onboarding(*command.split())
    assert (ended.code, ended.out) == (2, "")
    assert ended.error == f"onboarding: {line_of_the_service}"
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_finds_them(onboarding, line_of_the_service):
    ended = onboarding("doctor", "-o", "json")
    found = {one["what"]: (one["state"], one["found"]) for one in json.loads(ended.out)}
    assert (ended.code, found["settings"]) == (1, ("fail", line_of_the_service))
    assert ended.error == "onboarding: not as it should be: settings"


def test_wrong_settings_of_the_services_are_told_before_up_starts_a_server(
    onboarding, monkeypatch, tmp_path: Path
):
    monkeypatch.delenv(NAME)
    monkeypatch.setenv("ONBOARDING_PARTITIONS", "many")
    ended = onboarding("up")
    assert (ended.code, ended.out) == (2, "")
    assert ended.error == "onboarding: ONBOARDING_PARTITIONS: must be a whole number"
    assert list(tmp_path.iterdir()) == []
