"""Sagas taken out without personal data come out the same; taken in, whole or not at all."""

import json
from pathlib import Path

import pytest
from sandbox_given import THEN, Archive, archive, settings

from contracts.envelope import Record
from contracts.reading import Reader
from saga_state.hearing import events_in
from services.cli.replay import archive as files
from services.cli.replay.archive import read_archive, write_archive
from services.cli.replay.exporting import come_out_differently, in_time, replaced_sagas

__all__ = ["archive"]
PERSONAL = ("Ana Maria", "ana.maria@mail.com", "+34 600 000 001", "Calle Mayor", "X-1234567")
KINDS = (
    {},
    {"pais": "KP"},
    {"email": "ana.maria@sub.blocked.example"},
    {"email": "no address of Ana Maria"},
    {"documents": [{"type": "IDENTITY", "number": "X-1234567", "expires_on": "2020-01-31"}]},
    {"documents": [{"type": "IDENTITY", "number": "X-1234567"}], "partner_id": "ana.maria"},
    {"campaign_permissions": "VIDEO"},
    {"tipo_partner": "INDIVIDUAL", "preferred_contract_type": "ENTERPRISE"},
)


async def told(archive: Archive) -> dict[str, list[Record]]:
    """One saga of each kind, of a partner with a name and an address."""
    for changes in KINDS:
        await archive.start(
            **{
                "nombre": "Ana Maria",
                "email": "ana.maria@mail.com",
                "telefono": "+34 600 000 001",
                "direccion": "Calle Mayor 1",
                **changes,
            }
        )
        await archive.world.run()
    return {saga_id: list(some) for saga_id, some in archive.records().items()}


async def test_replaced_records_name_nobody_and_come_out_the_same(archive):
    sagas = await told(archive)
    others = replaced_sagas(sagas, settings())
    text = repr(in_time(others))
    assert [one for one in (*PERSONAL, "ana.maria") if one in text] == []
    assert [len(some) for some in others.values()] == [len(some) for some in sagas.values()]
    assert await come_out_differently(sagas, others, settings()) == []


async def test_equal_stays_equal_and_events_keep_their_ids_and_places(archive):
    sagas = await told(archive)
    others = replaced_sagas(sagas, settings())
    for saga_id in sagas:
        mine, theirs = (list(events_in(some[saga_id], Reader())) for some in (sagas, others))
        assert [one.event_id for one in mine] == [one.event_id for one in theirs]
        assert {one.context.saga_id for one in theirs} == {saga_id}
        assert len({one.context.partner_id for one in theirs}) == 1
        places = [[(o.record.topic, o.record.partition, o.record.offset) for o in some]
                  for some in (mine, theirs)]  # fmt: skip
        assert places[0] == places[1]
    starts = [next(iter(events_in(some, Reader()))) for some in others.values()]
    emails = [start.body["partner_data"]["email"] for start in starts]
    assert emails[0] == emails[1] != emails[2]
    assert emails[2].endswith(".blocked.example")


async def test_who_comes_out_differently_is_named(archive):
    sagas = await told(archive)
    spoilt = {saga_id: list(some) for saga_id, some in sagas.items()}
    first = next(iter(sagas))
    spoilt[first] = [
        Record(one.topic, one.partition, one.offset, one.key,
               (one.value or b"").replace(b"EMPRESA", b"INDIVIDUAL"), one.headers, one.timestamp_ms)
        for one in spoilt[first]
    ]  # fmt: skip
    assert await come_out_differently(sagas, spoilt, settings()) == [first]


def test_an_import_is_taken_in_whole_or_not_at_all(onboarding, bare, tmp_path):
    start = Record(
        "onboarding.partner-onboarding-initiated", 0, 0, b"k", b'{"partner_data": {}}',
        (("ce_type", b"com.hexabuilders.onboarding.PartnerOnboardingInitiated.v1"),
         ("ce_id", b"1"), ("ce_source", b"/crm")), int(THEN.timestamp() * 1000),
    )  # fmt: skip
    write_archive(tmp_path / "one.jsonl", files.Archive([start], replaced=False))
    ended = onboarding("replay", "import", "one.jsonl", "-o", "json")
    assert (ended.code, json.loads(ended.out)["sagas"]) == (0, 1)
    assert "--from one` plays it, `onboarding replay publish one` sends it" in ended.err
    assert read_archive(tmp_path / ".onboarding/replays/one.jsonl").records == [start]
    again = onboarding("replay", "import", "one.jsonl")
    assert again.code == 2
    assert "exists; choose another" in again.error
    text = (tmp_path / "one.jsonl").read_text()
    (tmp_path / "two.jsonl").write_text(text.replace("Initiated.v1", "Initiated.v9"))
    bad = onboarding("replay", "import", "two.jsonl")
    assert (bad.code, bad.error) == (
        2, "onboarding: two.jsonl:2: the record is no event that can be read here",
    )  # fmt: skip
    assert _names(tmp_path / ".onboarding/replays") == ["one.jsonl"]


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("import nothing.jsonl", "nothing.jsonl: No such file or directory"),
        ("import x.jsonl --name a/b", "--name a/b: write 1 to 64 of"),
        ("publish nothing", "nothing: is no file, and no import in .onboarding/replays"),
        ("publish nothing --to-live", "--reason: say why"),
        (
            "publish nothing --type Nothing",
            "--type Nothing: it is one of PartnerOnboardingInitiated",
        ),
        ("sandbox --from nothing", "nothing: is no file, and no import"),
        ("sandbox", "no stack runs in .onboarding"),
        ("sandbox --type Nothing", "--type Nothing: it is one of"),
        ("sandbox --since 2999-01-01", "--since 2999-01-01: that is yet to come"),
        ("sandbox --since never", "--since never: give 90s, 15m"),
        ("sandbox --offset x", "--offset x: write TOPIC/PARTITION/OFFSET"),
        ("sandbox --offset t/0/9-3", "--offset t/0/9-3: write TOPIC/PARTITION/OFFSET"),
        ("export x.jsonl", "no stack runs in .onboarding"),
        ("rebuild", "no stack runs in .onboarding"),
        ("rebuild --swap --drop", "give either --swap or --drop"),
        ("rebuild --workers 0", "Invalid value for '--workers'"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(onboarding, bare, command, line):
    ended = onboarding("replay", *command.split())
    assert ended.code == 2
    assert line in ended.error


def _names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())
