"""The stack that the command line starts: what it tells of it, what it survives, how it ends."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from running_up import (
    ONBOARDING,
    START_SECONDS,
    UP_SECONDS,
    call,
    clean,
    eventually,
    somebody,
    spawn_up,
    started,
)

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]
SERVICES = ("registration", "contract", "documents", "campaigns", "recruitment", "saga_state")


def test_the_start_up_table_tells_where_everything_is(up):
    run = up.run
    assert f"Kafka     {run['kafka']}" in up.told
    assert "topics in memory, starts empty each time" in up.told
    assert str(run["mongo"]).partition("?")[0] in up.told
    for process in run["processes"]:
        if process["health_url"]:
            assert f"{process['health_url']}/readyz" in up.told
    assert set(SERVICES) <= set(up.pids())
    assert ".onboarding/logs/<process>.log" in up.told
    assert f"kill {up.process.pid}" in up.told


def test_the_environment_that_is_printed_leads_other_programs_there(up, tmp_path):
    told = up("env")
    assert told.returncode == 0
    script = f'{told.stdout}\n"$0" list -o json && "$0" topics check'
    shell = subprocess.run(
        ["/bin/sh", "-c", script, ONBOARDING], cwd=tmp_path, env=clean() | {"ONBOARDING_REPLICATION": "1"},
        capture_output=True, text=True, timeout=START_SECONDS,
    )  # fmt: skip
    assert shell.returncode == 0, shell.stderr
    assert call(("list",), tmp_path).returncode == 2


def test_another_folder_is_named_with_data(up, tmp_path):
    data = str(up.folder / ".onboarding")
    assert call(("list", "--data", data), tmp_path).returncode == 0


def test_the_doctor_finds_nothing_wrong(up):
    told = up("doctor", "-o", "json")
    assert (told.returncode, told.stderr) == (0, "")
    states = {one["what"]: one["state"] for one in json.loads(told.stdout)}
    wanted = ("kafka", "topics", "mongo", "clock", "registration", "saga-state", "gateway")
    assert {states[what] for what in wanted} == {"ok"}
    assert not any("not counted" in one["found"] for one in json.loads(told.stdout))


def test_the_doctor_counts_no_letters_where_there_are_no_topics(up):
    told = up("doctor", "-o", "json", env={"ONBOARDING_PREFIX": f"t{uuid4().hex[:6]}-"})
    rows = {one["what"]: one for one in json.loads(told.stdout)}
    assert (rows["topics"]["state"], rows["letters"]["found"]) == ("fail", "none is open")


def test_the_topics_are_as_the_settings_say_and_none_is_made_twice(up):
    assert up("topics", "check").returncode == 0
    assert up("topics", "create").stdout == "all topics are there\n"
    rows = [json.loads(line) for line in up("topics", "list", "-o", "jsonl").stdout.splitlines()]
    assert {row["state"] for row in rows} == {"ok"}
    assert "onboarding.contract-created" in {row["topic"] for row in rows}


def test_missing_topics_are_made_for_another_system_beside_it(up):
    env = {"ONBOARDING_PREFIX": f"t{uuid4().hex[:6]}-", "ONBOARDING_PARTITIONS": "2"}
    check = up("topics", "check", env=env)
    assert (check.returncode, check.stdout.count("is missing")) == (1, 16)
    assert up("topics", "create", "--dry-run", env=env).stdout.count("would make") == 16
    assert up("topics", "create", env=env).stdout.count("made ") == 16
    assert up("topics", "check", env=env).returncode == 0
    more = {**env, "ONBOARDING_PARTITIONS": "3"}
    assert "has 2 partitions" in up("topics", "check", env=more).stdout


def test_a_second_up_says_who_holds_the_folder_and_exits_2(up):
    told = up("up")
    assert told.returncode == 2
    assert f"in use by process {up.process.pid}: stop that one, or choose" in told.stderr
    assert up.process.poll() is None


def test_a_killed_service_is_told_and_comes_back(up):
    os.kill(up.pids()["contract"], signal.SIGKILL)
    eventually(lambda: "contract ended with code -9, starts again in" in up.told)
    eventually(lambda: "contract is back (pid" in up.told, START_SECONDS)
    (saga,) = started(up, somebody())
    assert saga["status"] == "COMPLETED"


def test_sigterm_ends_everything_with_exit_0(up):
    children = [psutil.Process(pid) for pid in up.pids().values()]
    up.process.terminate()
    assert up.process.wait(60) == 0
    assert "stopping ..." in up.told
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []
    assert up("status", "x").returncode == 2


@pytest.mark.long
def test_when_the_broker_dies_everything_stops_with_exit_70(tmp_path):
    one = spawn_up(tmp_path)
    try:
        eventually(lambda: "Ctrl-C" in one.told or one.process.poll() is not None, UP_SECONDS)
        children = [psutil.Process(pid) for pid in one.pids().values()]
        os.kill(one.pids()["kafka"], signal.SIGKILL)
        assert one.process.wait(60) == 70
        assert one.told.splitlines()[-1].startswith("onboarding: everything was stopped: kafka")
        _, alive = psutil.wait_procs(children, timeout=5)
        assert alive == []
    finally:
        one.process.kill()


def test_the_demo_ends_as_it_should(tmp_path):
    told = call(("demo", "--exit"), tmp_path)
    assert told.returncode == 0, told.stdout + told.stderr
    assert re.search(r"TechSolutions +partner-onboarding +COMPLETED .* yes", told.stdout)
    assert re.search(r"Example Partner +partner-creation +COMPLETED .* yes", told.stdout)
    assert re.search(r"Late Papers +partner-onboarding +COMPENSATED .* yes", told.stdout)
    assert re.search(
        r"Long Wait +partner-onboarding +COMPENSATED +campaigns: TIMEOUT .* yes", told.stdout
    )
    folder = re.search(r" in (/\S+) \.\.\.", told.stdout)
    assert folder is not None
    assert not Path(folder[1]).exists()
