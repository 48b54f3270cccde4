"""Rehearsing, exporting, importing and publishing on real servers; no place of a group is moved."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from contracts.envelope import Record
from contracts.topics import group
from tests.conftest import RealServers
from tests.integration import outside, ran
from tests.integration.outside import Seen
from tests.integration.played import played, publish
from tests.integration.system import FAST_GROUPS, System, system

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(600)]
PLAYED = 36
STRICTER = {"ONBOARDING_CONTRACT_RULES": json.dumps({"currency": "EUR"})}
INITIATED = "onboarding.partner-onboarding-initiated"


@dataclass
class Site:
    """The projection alone, and the records of some sagas of all kinds."""

    running: System
    folder: Path
    records: list[Record]

    async def replay(self, *arguments: str, **env: str) -> ran.Ran:
        told = {"KAFKA": self.running.kafka, "MONGO": self.running.stack.mongo}
        own = {f"ONBOARDING_{name}": text for name, text in told.items()}
        env = {**FAST_GROUPS, **own, "ONBOARDING_PREFIX": self.running.prefix, **env}
        return await ran.onboarding("replay", *arguments, env=env, folder=self.folder)

    async def places(self) -> dict[str, int]:
        """Where the projection's group stands."""
        prefix = self.running.prefix
        topics = outside.event_topics(prefix)
        return await outside.committed(self.running.kafka, group("saga-state", prefix), topics)

    def starts(self) -> list[Record]:
        return [one for one in self.records if one.topic == INITIATED]


@pytest.fixture(scope="module")
async def site(
    real_servers: RealServers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    folder, only = tmp_path_factory.mktemp("replays"), ("saga_state",)
    prefix, servers = f"{folder.parent.name[-8:]}-replay-".lower(), real_servers
    async with (
        system(servers.kafka, servers.mongo, prefix, folder / "up", only) as up,
        AIOKafkaProducer(bootstrap_servers=servers.kafka) as producer,
    ):
        records = await played(PLAYED, "commands")
        await publish(producer, records, prefix)
        await up.at_rest("saga-state")
        yield Site(up, folder, records)


async def test_a_rehearsal_by_the_rules_of_then_finds_nothing(site: Site):
    before = await site.places()
    ended = await site.replay("sandbox", "-o", "json")
    assert (ended.code, ended.json) == (0, []), ended.err
    assert f"{PLAYED} sagas played, {PLAYED} came out as recorded" in ended.err
    assert await site.places() == before


async def test_other_rules_are_found_in_the_sagas_that_they_concern(site: Site):
    ended = await site.replay("sandbox", "-o", "json", **STRICTER)
    assert ended.code == 1
    changed = {one["saga_id"] for one in ended.json}
    contracts = [one for one in site.records if one.topic == "onboarding.contract-created"]
    assert changed == {dict(one.headers)["ce_sagaid"].decode() for one in contracts}
    assert {c["what"] for one in ended.json for c in one["changes"]} == {
        "contract.currency", "campaign_account.currency",
    }  # fmt: skip


async def test_sagas_are_chosen_by_id_type_place_and_time(site: Site):
    start = site.starts()[0]
    told = {name: text.decode() for name, text in start.headers}
    for text in (told["ce_sagaid"], told["ce_subject"], told["ce_correlationid"]):
        assert await _played(site, "--saga", text) == 1
    assert await _played(site, "--id", told["ce_id"]) == 1
    failed = [one for one in site.records if one.topic == "onboarding.partner-onboarding-failed"]
    assert await _played(site, "--type", "PartnerOnboardingFailed") == len(failed)
    seen = (await site.running.events())[0]
    assert await _played(site, "--offset", "/".join(map(str, seen.place))) == 1
    assert await _played(site, "--since", "1h") == PLAYED
    assert await _played(site, "--limit", "5") == 5


async def test_what_is_not_there_is_one_line(site: Site):
    topic = f"{site.running.prefix}{INITIATED}"
    for arguments, line in (
        (("--saga", "nobody"), "nothing on the topics is of nobody (in tenant 'default')"),
        (("--id", "nothing"), "nothing on the topics is of nothing"),
        (("--tenant", "acme"), "no record matches (in tenant 'acme')"),
        (("--before", "300d"), "no record matches"),
        (("--offset", f"{topic}/0/999999"), f"--offset {topic}/0/999999: the log ends at "),
    ):
        ended = await site.replay("sandbox", *arguments)
        assert (ended.code, line in ended.err) == (1, True), ended.err
        assert ended.err.count("\n") == 1
    ended = await site.replay("sandbox", "--offset", "other/0/1")
    assert (ended.code, "there is no such log" in ended.err) == (2, True)


async def test_until_an_event_the_step_documents_are_shown(site: Site):
    saga = dict(site.starts()[0].headers)["ce_sagaid"].decode()
    ended = await site.replay("sandbox", "--saga", saga, "--until", "ContractCreated", "-o", "json")
    assert [(one["step"], one["state"]) for one in ended.json] == [
        ("registration", "done"), ("contract", "done"),
    ]  # fmt: skip
    ended = await site.replay("sandbox", "--until", "ContractCreated")
    assert (ended.code, "--until stops in one saga" in ended.err) == (2, True)
    ended = await site.replay("sandbox", "--saga", saga, "--until", "Nothing")
    assert (ended.code, "it is not said; what is: PartnerOnboardingInitiated" in ended.err) == (
        1,
        True,
    )


@pytest.mark.parametrize("how", [(), ("--replaced",)], ids=["as it is", "replaced"])
async def test_what_was_exported_is_imported_and_comes_out_the_same(site: Site, how: Any):
    name = f"e{len(how)}"
    before = await site.places()
    ended = await site.replay("export", f"{name}.jsonl", *how, "-o", "json")
    assert (ended.code, ended.json["sagas"], ended.json["differ"]) == (0, PLAYED, []), ended.err
    text = (site.folder / f"{name}.jsonl").read_text()
    assert ("techsolutions" in text) == (not how)
    ended = await site.replay("import", f"{name}.jsonl", "-o", "json")
    assert (ended.code, ended.json["records"]) == (0, len(site.records)), ended.err
    ended = await site.replay("sandbox", "--from", name, "-o", "json")
    assert (ended.code, ended.json) == (0, [])
    ended = await site.replay("export", f"{name}.jsonl")
    assert (ended.code, "the file exists" in ended.err) == (2, True)
    assert await site.places() == before


async def test_an_export_goes_to_live_topics_only_when_that_is_said_and_once(site: Site):
    saga = dict(site.starts()[0].headers)["ce_sagaid"].decode()
    await site.replay("export", "one.jsonl", "--saga", saga)
    before, places = await site.running.events(), await site.places()
    ended = await site.replay("publish", "one.jsonl")
    assert (ended.code, "look first with --dry-run, then say --to-live" in ended.err) == (2, True)
    dry = await site.replay("publish", "one.jsonl", "--dry-run", "-o", "json")
    assert (dry.code, dry.json["sent"]) == (0, 0)
    why = ("--to-live", "--reason", "ticket 4711")
    ended = await site.replay("publish", "one.jsonl", *why)
    assert (ended.code, f"--yes {dry.json['hash']}" in ended.err) == (2, True)
    ended = await site.replay("publish", "one.jsonl", *why, "--yes", "other")
    assert (ended.code, "nothing was sent" in ended.err) == (1, True)
    assert (len(await site.running.events()), await site.places()) == (len(before), places)
    agreed = ("publish", "one.jsonl", *why, "--yes", dry.json["hash"], "-o", "json")
    ended = await site.replay(*agreed)
    assert (ended.code, ended.json["sent"]) == (0, ended.json["records"]), ended.err
    fresh = await site.running.events()
    fresh = [one for one in fresh if one.header("replay_id")]
    assert {one.header("replay_id") for one in fresh} == {dry.json["replay_id"]}
    assert sorted(map(_identity, fresh)) == sorted(
        _identity(o) for o in before if o.header("ce_sagaid") == saga
    )
    ended = await site.replay(*agreed)
    assert (ended.code, "all of it was sent before" in ended.err) == (1, True)


async def test_a_replay_that_was_broken_off_sends_the_rest(site: Site):
    await site.replay("export", "all.jsonl")
    dry = await site.replay("publish", "all.jsonl", "--dry-run", "-o", "json")
    noted = site.folder / f".onboarding/replays/{dry.json['replay_id']}.sent.json"
    noted.parent.mkdir(parents=True, exist_ok=True)
    noted.write_text(json.dumps({"sent": dry.json["records"] - 3}))
    before = len(await site.running.events())
    why = ("--to-live", "--reason", "x", "--yes", dry.json["hash"], "--rate", "1000")
    ended = await site.replay("publish", "all.jsonl", *why, "-o", "json")
    assert (ended.code, ended.json["sent"]) == (0, dry.json["records"]), ended.err
    assert "this goes on" in ended.err
    assert len(await site.running.events()) == before + 3


async def _played(site: Site, *arguments: str) -> int:
    ended = await site.replay("sandbox", *arguments)
    assert ended.code == 0, ended.err
    word = next(line for line in ended.err.splitlines() if " played, " in line)
    return int(word.removeprefix("note: ").split()[0])


def _identity(one: Seen) -> tuple[str, str]:
    return one.header("ce_source"), one.header("ce_id")
