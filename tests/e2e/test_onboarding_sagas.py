"""Sagas started and asked for on the command line, against a stack that it started itself."""

import json
import re
import signal
import subprocess
from uuid import uuid4

import pytest
from running_up import ONBOARDING, clean, eventually, somebody, started

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]
EXPIRED = [{"type": "IDENTITY", "number": "1", "expires_on": "2020-01-01"}]


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
    assert two["status"] == "COMPLETED"
    assert two["event_count"] == 7  # the repeat is none more; the first look may miss the last word


def test_a_saga_is_found_by_any_of_its_ids(up):
    correlation_id = f"c-{uuid4().hex}"
    (saga,) = started(up, {"partner_data": somebody(), "correlation_id": correlation_id})
    for text in (saga["saga_id"], saga["partner_id"], correlation_id):
        told = up("status", text, "-o", "json")
        assert (told.returncode, json.loads(told.stdout)["saga_id"]) == (0, saga["saga_id"])
    shown = up("status", saga["partner_id"]).stdout
    # Asked again: COMPLETED may have been told before the last step's own word was.
    steps = json.loads(told.stdout)["steps"]
    assert all(step["result"] and step["step"] in shown for step in steps)


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
    assert up("list", "--since", "2999-01-01").returncode == 2
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
    assert told.stderr.endswith("onboarding: 1 bad line was left out; 2 were sent\n")
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
