"""A process that must not start says why in one line and exits with 2, without any server."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

WRONG = {
    "a setting": ("PARTITIONS", "many", "ONBOARDING_PARTITIONS: "),
    "a rule of its step": (
        "REGISTRATION_RULES",
        '{"denied_countrys": []}',
        "ONBOARDING_REGISTRATION_RULES.denied_countrys: ",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_setting_stops_the_process_with_one_line_and_exit_code_2(what):
    name, value, said = WRONG[what]
    clean = {key: text for key, text in os.environ.items() if not key.startswith("ONBOARDING_")}
    nowhere = {"ONBOARDING_KAFKA": "127.0.0.1:1", "ONBOARDING_MONGO": "mongodb://127.0.0.1:1"}
    done = subprocess.run(
        [sys.executable, "-m", "services.registration"],
        env={**clean, **nowhere, f"ONBOARDING_{name}": value},
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith(said)
