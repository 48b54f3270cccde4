"""`onboarding journeys` and `journeys check` on a real mongod: sagas on their way, and who knows them."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from versions_given import (
    contracts_in,
    with_a_field_that_nobody_said,
    with_another_contract_event,
    with_another_name,
    with_second_version,
    without_documents,
    without_first_version,
)

from services.cli.versions.listing import rows_of, shown
from tests.conftest import RealServers
from tests.saga_state.saga_given import Voices
from tests.sources import ROOT

LABELS = ["partner-onboarding/1", "partner-creation/1"]


@pytest.fixture
def on_their_way(projected) -> None:
    """Two wait for documents, one of another tenant for the undo of contract; others have ended."""
    for number in range(2):
        v = Voices(number=f"{number}")
        projected(v.start(), v.did("registration", 1), v.did("contract", 2))
    undoing = Voices(number="undoing", tenant="acme")
    done = Voices(number="done")
    projected(*undoing.undone_from("documents")[:-2], *done.whole_way())
    projected(*Voices("partner-creation", number="alliance").whole_way())


@pytest.fixture
def running(real_servers: RealServers, prefix: str, bare) -> Callable[..., None]:
    """Writes what a process writes of itself."""
    from pymongo import AsyncMongoClient

    async def write(service: str, instance: str, journeys: list[str], seconds: int = -60) -> None:
        async with AsyncMongoClient(real_servers.mongo) as client:
            record = {
                "_id": instance,
                "instance": instance,
                "version": "0.1.0",
                "journeys": journeys,
                "seen_at": datetime.now(UTC) - timedelta(seconds=seconds),
            }
            await client[f"{prefix}onboarding_{service}"].instances.insert_one(record)

    return lambda *told: asyncio.run(write(*told))


def check(onboarding, folder, *options: str):
    return onboarding("journeys", "check", "--against", str(folder), *options)


@pytest.mark.servers
def test_each_version_is_listed_with_who_waits_for_whom_and_who_knows_it(
    on_their_way, running, onboarding
):
    for name in ("registration", "contract", "documents", "campaigns", "saga_state"):
        running(name, f"{name}-1", LABELS)
    running("documents", "documents-old", LABELS[1:])
    running("recruitment", "recruitment-dead", LABELS, 30)
    told = {(one["journey"], one["version"]): one for one in
            json.loads(onboarding("journeys", "-o", "json").out)}  # fmt: skip
    assert list(told) == [("partner-creation", 1), ("partner-onboarding", 1)]
    first = told["partner-onboarding", 1]
    assert (first["under_way"], first["known_here"], first["starts_here"]) == (3, True, True)
    assert first["waiting"] == [
        {"step": "documents", "undoing": False, "count": 2},
        {"step": "contract", "undoing": True, "count": 1},
    ]
    assert first["absent"] == ["recruitment"]
    assert [one["instance"] for one in first["instances"] if not one["knows_it"]] == [
        "documents-old"
    ]
    assert told["partner-creation", 1]["under_way"] == 0
    text = onboarding("journeys").out
    assert "documents: 2, contract to undo: 1" in text
    assert "5 of 6 instances   documents (1 instance), recruitment (none runs)" in text


@pytest.mark.servers
@pytest.mark.parametrize(
    "other", [contracts_in, lambda folder: with_second_version(contracts_in(folder))]
)
def test_code_that_knows_all_that_is_on_its_way_strands_none(
    on_their_way, onboarding, tmp_path, other
):
    ended = check(onboarding, other(tmp_path))
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"{tmp_path} would strand none; 3 sagas are on the way\n"
    assert check(onboarding, tmp_path, "-o", "json").out == "[]\n"


@pytest.mark.servers
@pytest.mark.parametrize(
    ("change", "why"),
    [(without_first_version, "this version is gone"), (without_documents, "documents is gone; ")],
)
def test_a_version_that_is_gone_or_changed_strands_all_that_are_on_it(
    on_their_way, onboarding, tmp_path, change, why
):
    ended = check(onboarding, change(contracts_in(tmp_path)), "-o", "jsonl")
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert ended.code == 1
    of_journey = [row for row in rows if row["why"].startswith(why)]
    assert {(row["waits for"], row["sagas"]) for row in of_journey} == {
        ("documents", 2), ("contract", 1),
    }  # fmt: skip
    assert "would strand sagas; 3 sagas are on the way" in ended.err
    assert "note: completed sagas of partner-onboarding/1 could not be undone any more" in ended.err


@pytest.mark.servers
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            with_another_contract_event,
            "would not read ContractCreated.v1: it knows no such version",
        ),
        (
            with_a_field_that_nobody_said,
            "would not read ContractCreated.v1 as it was said: contract",
        ),
    ],
)
def test_an_event_that_the_next_step_would_not_read_strands_those_that_wait_for_it(
    on_their_way, onboarding, tmp_path, change, why
):
    ended = check(onboarding, change(contracts_in(tmp_path)), "-o", "json")
    (row,) = json.loads(ended.out)
    assert (ended.code, row["waits for"], row["sagas"]) == (1, "documents", 2)
    assert row["why"].startswith(f"documents {why}")
    assert onboarding("status", row["such as"]).code == 0


@pytest.mark.servers
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (without_documents, "documents is gone"),
        (with_another_name, "documents hears ContractSigned, which was not said"),
    ],
)
def test_the_changed_code_may_ask_itself(on_their_way, tmp_path, change, why):
    """As somebody does who is about to change a journey: the sagas tell what they are on."""
    change(contracts_in(tmp_path))
    for package in ("services", "saga_state", "deploy"):
        (tmp_path / package).symlink_to(ROOT / package)
    code = "import sys; from services.cli.main import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "journeys", "check", "--against", ".", "-o", "json"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1, ended.stderr
    assert {row["why"] for row in json.loads(ended.stdout)} == {why}


@pytest.mark.servers
def test_where_nothing_is_on_its_way_nothing_is_stranded(projected, onboarding, tmp_path):
    projected(*Voices().whole_way())
    ended = check(onboarding, without_first_version(contracts_in(tmp_path)))
    assert ended.code == 0
    assert "completed sagas of partner-onboarding/1 could not be undone" in ended.error


@pytest.mark.servers
def test_what_is_no_code_is_refused(projected, onboarding):
    projected(Voices().start())
    ended = check(onboarding, "/nowhere")
    assert (ended.code, "neither a folder nor a revision here" in ended.error) == (2, True)
    assert check(onboarding, ROOT).code == 0


def test_a_version_that_this_code_does_not_know_is_listed_as_such():
    waiting = [
        {
            "journey": "x",
            "journey_version": 9,
            "steps": names,
            "step": "a",
            "undoing": False,
            "count": 2,
        }
        for names in (["a"], ["a", "b"])
    ]
    row = next(one for one in rows_of(waiting, [], 1) if one["journey"] == "x")
    told = shown(row)
    assert (told["journey"], told["here"], told["wait for"]) == ("x/9", "not known", "a: 4")
    assert told["known by"] == "0 of 0 instances"
