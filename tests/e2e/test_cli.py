"""The command line against a stack that it started itself, every command as a child process."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

pytestmark = pytest.mark.servers
ONBOARDING = str(Path(sys.executable).parent / "onboarding")
START_SECONDS = 150.0  # on a machine that is busy with other things
SERVICES = ("registration", "contract", "documents", "campaigns", "recruitment", "saga_state")


@dataclass(frozen=True)
class Up:
    """A running `onboarding up` and its working folder."""

    process: subprocess.Popen[str]
    folder: Path

    @property
    def told(self) -> str:
        return (self.folder / "up.log").read_text()

    @property
    def run(self) -> dict[str, object]:
        content: dict[str, object] = json.loads((self.folder / ".onboarding/run.json").read_text())
        return content

    def pids(self) -> dict[str, int]:
        return {one["name"]: one["pid"] for one in self.run["processes"]}  # type: ignore[attr-defined]

    def __call__(
        self, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return call(arguments, self.folder, stdin, env or {})


def call(
    arguments: Sequence[str], folder: Path, stdin: str = "", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [ONBOARDING, *arguments]
    told = subprocess.run(
        command, cwd=folder, env=clean() | dict(env or {}), input=stdin,
        capture_output=True, text=True, timeout=START_SECONDS,
    )  # fmt: skip
    assert "Traceback" not in told.stdout + told.stderr
    return told


def clean() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if not name.startswith("ONBOARDING_")}


def eventually(is_so: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so within {seconds:g} s"
        time.sleep(0.05)


def spawn_up(folder: Path) -> Up:
    with (folder / "up.log").open("w") as log:
        process = subprocess.Popen(
            [ONBOARDING, "up"], cwd=folder, env=clean(), stdout=log, stderr=log, text=True
        )
    return Up(process, folder)


@pytest.fixture(scope="module")
def up(tmp_path_factory) -> Iterator[Up]:
    one = spawn_up(tmp_path_factory.mktemp("up"))
    try:
        eventually(lambda: "Ctrl-C" in one.told or one.process.poll() is not None, START_SECONDS)
        if "[embedded]" in one.told:
            pytest.skip(one.told)
        assert one.process.poll() is None, one.told
        yield one
    finally:
        one.process.terminate()
        one.process.wait(60)


def somebody(**more: object) -> dict[str, object]:
    """Partner data with a fresh e-mail: one living partner per address."""
    email = f"p-{uuid4().hex[:10]}@example.com"
    data = {"nombre": "Somebody", "email": email, "telefono": "+1234567890"}
    return {**data, "tipo_partner": "STARTUP", **more}


EXPIRED = [{"type": "IDENTITY", "number": "1", "expires_on": "2020-01-01"}]


def started(up: Up, *starts: dict[str, object], options: Sequence[str] = ()) -> list[dict]:
    """Started from a file and waited for; the sagas."""
    file = up.folder / f"{uuid4().hex}.jsonl"
    file.write_text("\n".join(json.dumps(start) for start in starts))
    told = up("start", str(file), "--wait", "-o", "jsonl", *options)
    return [json.loads(line) for line in told.stdout.splitlines()]


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


def test_a_partner_given_by_flags_is_onboarded(up):
    flags = ("--nombre", "TechSolutions Inc", "--telefono", "+1234567890", "--tipo", "EMPRESA")
    email = f"contact-{uuid4().hex[:8]}@techsolutions.com"
    told = up("start", *flags, "--email", email, "--contract", "PREMIUM", "--wait")
    assert (told.returncode, told.stderr) == (0, "")
    assert "COMPLETED" in told.stdout
    again = up("start", *flags, "--email", email, "--wait")
    assert again.returncode == 1
    assert "it did not complete: FAILED registration: DUPLICATE_PARTNER" in again.stderr


def test_a_partner_creation_ends_with_its_alliance(up):
    (saga,) = started(up, somebody(tipo_partner=None), options=("--journey", "partner-creation"))
    assert (saga["status"], saga["journey"]) == ("COMPLETED", "partner-creation")
    assert [step["step"] for step in saga["steps"]] == ["registration", "contract"]


def test_of_many_starts_each_is_told_and_exit_3_means_some(up):
    file = up.folder / "two.jsonl"
    good, bad = somebody(), somebody(tipo_partner="INDIVIDUAL", documents=EXPIRED)
    file.write_text(f"{json.dumps(good)}\n{json.dumps({'partner_data': bad})}\n")
    told = up("start", str(file), "--wait")
    assert told.returncode == 3
    assert told.stderr == "onboarding: 1 of 2 completed\n"
    assert "documents: DOCUMENT_EXPIRED" in told.stdout


def test_a_repeat_with_its_correlation_id_is_the_same_saga(up):
    start = {"partner_data": somebody(), "correlation_id": f"c-{uuid4().hex}"}
    (one,), (two,) = started(up, start), started(up, start)
    assert one["saga_id"] == two["saga_id"]
    assert (two["status"], two["event_count"]) == ("COMPLETED", one["event_count"])


def test_a_saga_is_found_by_any_of_its_ids(up):
    correlation_id = f"c-{uuid4().hex}"
    (saga,) = started(up, {"partner_data": somebody(), "correlation_id": correlation_id})
    for text in (saga["saga_id"], saga["partner_id"], correlation_id):
        told = up("status", text, "-o", "json")
        assert (told.returncode, json.loads(told.stdout)["saga_id"]) == (0, saga["saga_id"])
    shown = up("status", saga["partner_id"]).stdout
    assert all(step["result"] and step["step"] in shown for step in saga["steps"])


def test_of_several_sagas_of_a_partner_the_newest_is_shown_with_a_note(up):
    partner_id = f"P-{uuid4().hex[:8]}"
    first, second = (started(up, somebody(partner_id=partner_id))[0] for _ in range(2))
    told = up("status", partner_id)
    assert told.returncode == 0
    assert f"stands for 2 sagas; this is the newest, {second['saga_id']}" in told.stderr
    assert first["saga_id"] in told.stdout
    assert json.loads(up("status", partner_id, "-o", "json").stdout)["saga_id"] == second["saga_id"]


def test_an_id_that_nobody_has_is_a_no(up):
    told = up("status", "nobody")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith("onboarding: no saga, partner or correlation id 'nobody'")
    assert up("status", "nobody", "--tenant", "other").returncode == 1


def test_a_list_shows_what_its_filters_want(up):
    (done,) = started(up, somebody())
    late = somebody(tipo_partner="INDIVIDUAL", documents=EXPIRED)
    (rejected,) = started(up, late)

    def ids(*filters: str) -> set[str]:
        told = up("list", "-o", "jsonl", *filters)
        assert told.returncode == 0
        return {json.loads(line)["saga_id"] for line in told.stdout.splitlines()}

    both = {done["saga_id"], rejected["saga_id"]}
    assert both <= ids()
    assert ids("--status", "completed") & both == {done["saga_id"]}
    assert ids("--code", "DOCUMENT_EXPIRED") & both == {rejected["saga_id"]}
    assert ids("--email", str(late["email"]).upper()) == {rejected["saga_id"]}
    assert ids("--journey", "partner-creation") & both == set()
    assert ids("--since", "1h") >= both
    assert ids("--since", "2999-01-01") == set()
    assert len(ids("--limit", "1")) == 1
    assert done["saga_id"] in up("list").stdout


def test_a_timeline_tells_all_events_and_personal_data_only_when_asked(up):
    (saga,) = started(up, somebody(nombre="Very Private"))
    told = up("timeline", saga["saga_id"], "-o", "jsonl")
    events = [json.loads(line) for line in told.stdout.splitlines()]
    assert [event["type"] for event in events][:2] == [
        "PartnerOnboardingInitiated",
        "PartnerRegistrationCompleted",
    ]
    assert len(events) == 7
    assert "Very Private" not in told.stdout + up("timeline", saga["saga_id"]).stdout
    assert "Very Private" in up("timeline", saga["saga_id"], "--with-data", "-o", "json").stdout


def test_watching_a_saga_ends_with_it(up):
    (saga,) = started(up, somebody())
    told = up("watch", saga["partner_id"], "-o", "jsonl")
    assert told.returncode == 0
    assert json.loads(told.stdout.splitlines()[-1])["status"] == "COMPLETED"


def test_watching_all_shows_what_happens_until_it_is_interrupted(up):
    log = up.folder / "watch.log"
    with log.open("w") as out:
        watcher = subprocess.Popen([ONBOARDING, "watch"], cwd=up.folder, env=clean(), stdout=out)
    try:
        (saga,) = started(up, somebody())
        eventually(lambda: re.search(rf"{saga['saga_id']} +COMPLETED", log.read_text()))
        watcher.send_signal(signal.SIGINT)
        assert watcher.wait(20) == 130
    finally:
        watcher.kill()


def test_a_correlation_id_that_was_used_with_other_data_is_no_success(up):
    first = {**somebody(), "correlation_id": "corr-used"}
    other = {**somebody(), "correlation_id": "corr-used"}
    assert up("start", "-", "--wait", "-o", "jsonl", stdin=json.dumps(first)).returncode == 0
    told = up("start", "-", "--wait", "-o", "jsonl", stdin=json.dumps(other))
    assert told.returncode == 1
    assert "the correlation id was used before, with other data: nothing was started" in told.stderr


def test_a_bad_line_on_stdin_is_told_and_left_out(up):
    lines = [json.dumps(somebody()), "bad", "", json.dumps(somebody())]
    told = up("start", "-", "-o", "jsonl", stdin="\n".join(lines))
    assert told.returncode == 3
    assert "stdin:2: not JSON" in told.stderr
    assert told.stderr.endswith("onboarding: 1 bad lines were left out; 2 were sent\n")
    ids = [json.loads(line)["saga_id"] for line in told.stdout.splitlines()]
    assert len(set(ids)) == 2
    eventually(lambda: all(up("status", id_).returncode == 0 for id_ in ids))


def test_a_line_on_stdin_is_sent_before_the_next_one_comes(up):
    command = [ONBOARDING, "start", "-", "-o", "jsonl"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=up.folder, env=clean(), stdin=pipe, stdout=pipe, text=True
    ) as sender:
        for _ in range(2):
            sender.stdin.write(json.dumps(somebody()) + "\n")
            sender.stdin.flush()
            assert json.loads(sender.stdout.readline())["saga_id"]
        sender.stdin.close()
        assert sender.wait(30) == 0


def test_one_object_over_many_lines_on_stdin_is_one_start(up):
    told = up("start", "-", "-o", "json", stdin=json.dumps(somebody(), indent=2))
    assert (told.returncode, told.stderr) == (0, "")
    assert json.loads(told.stdout)["saga_id"]


def test_the_environment_that_is_printed_leads_other_programs_there(up, tmp_path):
    told = up("env")
    assert told.returncode == 0
    script = f'{told.stdout}\n"$0" list -o json && "$0" topics check'
    shell = subprocess.run(
        ["/bin/sh", "-c", script, ONBOARDING], cwd=tmp_path, env=clean() | {"ONBOARDING_REPLICATION": "1"},
        capture_output=True, text=True, timeout=60,
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
    wanted = ("kafka", "topics", "mongo", "clock", "registration", "recruitment", "saga-state")
    assert {states[what] for what in wanted} == {"ok"}


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


@pytest.mark.slow
def test_when_the_broker_dies_everything_stops_with_exit_70(tmp_path):
    one = spawn_up(tmp_path)
    try:
        eventually(lambda: "Ctrl-C" in one.told or one.process.poll() is not None, START_SECONDS)
        children = [psutil.Process(pid) for pid in one.pids().values()]
        os.kill(one.pids()["kafka"], signal.SIGKILL)
        assert one.process.wait(60) == 70
        assert one.told.splitlines()[-1].startswith("onboarding: everything was stopped: kafka")
        _, alive = psutil.wait_procs(children, timeout=5)
        assert alive == []
    finally:
        one.process.kill()


@pytest.mark.slow
def test_the_demo_ends_as_it_should(tmp_path):
    told = call(("demo", "--exit"), tmp_path)
    assert told.returncode == 0, told.stdout + told.stderr
    assert re.search(r"TechSolutions +partner-onboarding +COMPLETED .* yes", told.stdout)
    assert re.search(r"Example Partner +partner-creation +COMPLETED .* yes", told.stdout)
    assert re.search(r"Late Papers +partner-onboarding +COMPENSATING .* yes", told.stdout)
    folder = re.search(r" in (/\S+) \.\.\.", told.stdout)
    assert folder is not None
    assert not Path(folder[1]).exists()
