"""The command line as a whole, as far as it goes without servers: usage, errors, exit codes."""

import json
import subprocess
import sys
import time

import pytest

COMMANDS = (
    "up", "demo", "env", "start", "status", "why", "list", "timeline", "watch", "events", "doctor", "config",
    "topics", "topics list", "topics create", "topics check",
    "diff", "undo-plan", "capture", "compensate", "resolve", "purge", "dlq", "dlq list", "dlq show", "dlq edit", "dlq redrive", "dlq discard",
    "replay", "replay rebuild", "replay sandbox", "replay export", "replay import", "replay publish",
    "schemas", "schemas list", "schemas show", "schemas check", "broker", "broker install", "journeys", "journeys check",
)  # fmt: skip
HEAVY = "faust pymongo aiokafka aiohttp pydantic rich.console structlog"


@pytest.fixture(autouse=True)
def nothing_set(bare) -> None:
    """Each test starts without settings."""


def test_without_arguments_the_commands_are_shown(onboarding):
    ended = onboarding()
    assert (ended.code, ended.err) == (0, "")
    assert all(f"\n  {name} " in ended.out for name in COMMANDS if " " not in name)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(onboarding, command):
    ended = onboarding(*command.split(), "--help")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"Usage: onboarding {command} ")


def test_the_version_is_told(onboarding):
    assert onboarding("--version").out.startswith("onboarding 0.")


def test_help_needs_nothing_heavy(record_property):
    """The time is recorded, not judged: it depends on what else the machine does."""
    heavy = f"[name for name in {HEAVY.split()!r} if name in sys.modules]"
    code = f"import sys; from services.cli.main import run; run(['--help']); sys.exit({heavy} or 0)"
    began = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    record_property("help_seconds", round(time.monotonic() - began, 3))
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("lst", "No such command 'lst'"),
        ("stat", "No such command 'stat'. Did you mean 'start', 'status'? See: onboarding --help"),
        ("topics", "Missing command"),
        ("status", "Missing argument 'ID'"),
        ("list --limit none", "Invalid value for '--limit'"),
        ("list -o yaml", "Invalid value for '-o'"),
        ("up --workers documents", "--workers documents: write SERVICE=N"),
        ("up --workers documents=0", "--workers documents=0: write SERVICE=N"),
        ("up --workers nobody=2", "--workers nobody: it is one of registration"),
        ("up --broker external", "needs the address of yours: set ONBOARDING_KAFKA"),
        ("demo --broker external", "demo runs on a broker of its own"),
        ("env", "no stack runs in .onboarding"),
        ("status x", "no stack runs in .onboarding"),
        ("why", "why: give an ID, or --all"),
        ("why x --all", "why: give an ID, or --all"),
        ("why x", "no stack runs in .onboarding"),
        ("why --all", "no stack runs in .onboarding"),
        ("list", "no stack runs in .onboarding"),
        ("watch", "no stack runs in .onboarding"),
        ("timeline x", "no stack runs in .onboarding"),
        ("topics check", "no stack runs in .onboarding"),
        ("status x --at 1h", "no stack runs in .onboarding"),
        ("status x --at soon", "--at soon: give 90s, 15m"),
        ("list --at 2999-01-01", "--at 2999-01-01: that is yet to come"),
        ("timeline x --step-through", "no stack runs in .onboarding"),
        ("diff x", "Missing option '--between'"),
        ("diff x --between 1h 2h", "--between 1h 2h: the earlier time comes first"),
        ("undo-plan x", "no stack runs in .onboarding"),
        ("journeys", "no stack runs in .onboarding"),
        ("journeys check", "Missing option '--against'"),
        ("capture x", "no stack runs in .onboarding"),
        ("capture x --expect DONE", "--expect DONE: it is one of COMPENSATED, COMPLETED, FAILED"),
        ("compensate x --reason y", "no stack runs in .onboarding"),
        ("compensate x", "Missing option '--reason'"),
        ("resolve x --reason y", "Missing option '--step'"),
        ("resolve x --step contract --reason y", "no stack runs in .onboarding"),
        ("dlq list", "no stack runs in .onboarding"),
        ("dlq list --service nobody", "--service nobody: it is one of registration"),
        ("dlq list --class TYPO", "--class TYPO: it is one of NOT_CLOUDEVENTS, UNKNOWN_TYPE, "),
        ("dlq list --tenant acme", "--tenant acme: it says whose --saga ID is meant"),
        ("dlq show x", "no stack runs in .onboarding"),
        ("dlq redrive", "--reason: say why"),
        ("dlq redrive --dry-run", "no stack runs in .onboarding"),
        ("dlq discard", "--reason: say why"),
        ("dlq edit x", "give --to FILE to write its value, or --from FILE"),
        ("dlq edit x --from f", "--reason: say why"),
        ("dlq edit x --to f --header y", "--header y: write NAME=VALUE"),
        ("start --nombre A", "no stack runs in .onboarding"),
        ("start", "nothing to start"),
        ("start f.json --nombre A", "give either a FILE or the data by flags"),
        ("start f.json --dry-run", "f.json: No such file or directory"),
        ("start --nombre A --journey x --dry-run", "--journey x: it is one of"),
        ("start --nombre A --journey partner-creation/x --dry-run", "/x: it is one of partner-onb"),
        ("schemas show Nothing", "no event Nothing in version 1"),
        ("watch -o json", "an object per line: -o jsonl"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(onboarding, command, line):
    ended = onboarding(*command.split())
    assert ended.code == 2
    assert line in ended.err
    assert ended.err.startswith("onboarding: ")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(("told", "seconds"), [("", 5), ("=200", 0.2), ("=60000", 5)])
def test_a_server_is_waited_for_as_long_as_its_address_says_and_five_seconds_at_most(told, seconds):
    from services.cli.reaching import answer_seconds

    option = f"?serverSelectionTimeoutMS{told}" if told else ""
    assert answer_seconds(f"mongodb://db:27017/{option}") == seconds


def test_a_wrong_setting_is_one_line_and_exit_2(onboarding, monkeypatch):
    monkeypatch.setenv("ONBOARDING_KAFKA", "nowhere")
    ended = onboarding("list")
    assert ended.code == 2
    assert ended.err == "onboarding: ONBOARDING_KAFKA: must be host:port, comma separated\n"


@pytest.mark.parametrize(
    "command",
    [
        "topics check",
        "start --nombre A",
        "list",
        "watch",
        "compensate x --reason y",
        "dlq list",
    ],
)
@pytest.mark.timeout(25)
def test_servers_that_do_not_answer_are_one_line_and_exit_1(onboarding, monkeypatch, command):
    monkeypatch.setenv("ONBOARDING_KAFKA", "127.0.0.1:1")
    uri = "mongodb://user:secret@127.0.0.1:1/?serverSelectionTimeoutMS=200"
    monkeypatch.setenv("ONBOARDING_MONGO", uri)
    ended = onboarding(*command.split())
    assert ended.code == 1
    assert "does not answer" in ended.err
    assert ended.err.count("\n") == 1
    assert "secret" not in ended.err


@pytest.mark.timeout(25)
def test_the_doctor_warns_when_nothing_runs_and_fails_when_a_server_is_away(
    onboarding, monkeypatch
):
    ended = onboarding("doctor", "-o", "json")
    states = {one["what"]: one["state"] for one in json.loads(ended.out)}
    assert (ended.code, states["running stack"], states["python"]) == (0, "warn", "ok")
    monkeypatch.setenv("ONBOARDING_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("ONBOARDING_MONGO", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200")
    ended = onboarding("doctor", "-o", "json")
    states = {one["what"]: one["state"] for one in json.loads(ended.out)}
    assert (ended.code, states["kafka"], states["mongo"]) == (1, "fail", "fail")
    assert ended.err == "onboarding: not as it should be: kafka, mongo\n"


def test_a_dry_run_tells_the_ids_and_needs_no_stack(onboarding):
    ended = onboarding("start", "--nombre", "A", "--correlation-id", "c", "--dry-run", "-o", "json")
    told = json.loads(ended.out)
    assert (ended.code, told["correlation_id"]) == (0, "c")
    assert "nothing was" in ended.err


def test_a_file_with_a_bad_line_sends_nothing_and_names_it(onboarding, tmp_path):
    (tmp_path / "s.jsonl").write_text('{"nombre": "A"}\n[]\n{"nombre": 1\n')
    ended = onboarding("start", "s.jsonl", "--dry-run")
    assert ended.code == 2
    assert "s.jsonl:2: not a JSON object; nothing was sent" in ended.err
    assert "s.jsonl:3: not JSON" in ended.err
    assert ended.out == ""


def test_the_schema_of_an_event_is_found_in_any_case(onboarding):
    ended = onboarding("schemas", "show", "contractcreated")
    assert json.loads(ended.out)["$id"] == "/schemas/ContractCreated.v1.json"
    example = onboarding("schemas", "show", "ContractCreated", "--example")
    assert json.loads(example.out)["topic"] == "onboarding.contract-created"


def test_the_schemas_hold(onboarding):
    assert onboarding("schemas", "check").code == 0


def test_a_list_as_lines_is_an_object_per_line(onboarding):
    lines = onboarding("schemas", "list", "-o", "jsonl").out.splitlines()
    assert json.loads(lines[0])["event"] == "PartnerOnboardingInitiated"
    assert len(lines) == 10
