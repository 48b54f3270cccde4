"""What is sent again, and what is not: wishes of persons, replaced records; and how far it came."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sandbox_given import Archive, archive, settings

from contracts.envelope import Event, Message, Record
from services.cli.errors import CliError
from services.cli.progress import Bar
from services.cli.replay import archive as files
from services.cli.replay.archive import write_archive
from services.cli.replay.choosing import Wanted, choose_among
from services.cli.replay.exporting import in_time
from services.cli.replay.outcomes import outcome_of
from services.cli.replay.publishing import (
    Publish,
    at_rate,
    events_to_send,
    marked,
    message_of,
    replay_id_of,
)
from services.cli.replay.sent import Sent
from tests.saga_state.saga_given import Voices

__all__ = ["archive"]
PATH = Path("some.jsonl")
UNDO = "CompensationRequested"


async def played(archive: Archive) -> dict[str, list[Record]]:
    """Two sagas that completed."""
    for _ in range(2):
        await archive.start()
        await archive.world.run()
    return {saga_id: list(some) for saga_id, some in archive.records().items()}


async def test_what_is_published_has_its_old_ids_no_trace_and_the_id_of_the_replay(archive):
    sagas = await played(archive)
    traced = [
        Record(o.topic, o.partition, o.offset, o.key, o.value,
               (*o.headers, ("traceparent", b"00-1"), ("replay_id", b"old")), o.timestamp_ms)
        for o in in_time(sagas)
    ]  # fmt: skip
    asked = Publish("some", True, "ticket 4711", "ana", 100)
    events = events_to_send(traced, PATH, asked, settings())
    messages = [message_of(one.record, "t-") for one in events]
    replay_id = replay_id_of(messages, "broker:9092")
    sent = [marked(one, replay_id, asked) for one in messages]
    assert [(o.key, o.value, dict(o.headers)["ce_id"]) for o in sent] == [
        (o.key, o.value, dict(o.headers)["ce_id"]) for o in traced
    ]
    assert all(one.topic.startswith("t-onboarding.") for one in sent)
    assert all("traceparent" not in dict(one.headers) for one in sent)
    names = [name for name, _ in sent[0].headers if name.startswith("replay_")]
    assert names == ["replay_traceparent", "replay_id", "replay_reason", "replay_by"]
    assert dict(sent[0].headers)["replay_traceparent"] == b"00-1"
    assert dict(sent[0].headers)["replay_id"] == replay_id.encode()
    assert replay_id == replay_id_of(messages, "broker:9092") != replay_id_of(messages, "other:1")


def asked_to_undo(*, by: str) -> list[Event]:
    saga = Voices()
    return [saga.start(), saga.did("registration", 1), saga.asked("contract", 2, by=by)]


def sent_of(events: Sequence[Event], *types: str) -> list[str]:
    asked = Publish("some", True, "ticket 4711", "ana", 100, types)
    records = [one.record for one in events]
    return [one.name for one in events_to_send(records, PATH, asked, settings())]


@pytest.mark.parametrize("who", ["cli", "gateway"])
def test_what_a_person_asked_to_undo_is_sent_again_only_if_its_type_is_named(who):
    events = asked_to_undo(by=who)
    assert sent_of(events) == ["PartnerOnboardingInitiated", "PartnerRegistrationCompleted"]
    assert sent_of(events, UNDO) == [UNDO]


def test_what_a_step_asked_to_undo_is_sent_again():
    assert sent_of(asked_to_undo(by="contract"))[-1] == UNDO


def test_what_a_person_asked_by_the_gateway_is_no_answer_of_a_step():
    assert outcome_of(asked_to_undo(by="gateway")).answers["contract"] == "-"
    assert outcome_of(asked_to_undo(by="contract")).answers["contract"].startswith("no ")


def test_the_saga_of_the_same_id_of_another_tenant_is_left_there():
    mine = Voices()
    others = replace(mine.context, tenant_id="acme")
    start, did = mine.start(), mine.did("registration", 1)
    mine.context = others
    sagas = {mine.id: [one.record for one in (start, did, mine.did("contract", 2))]}
    reader = replace(settings().reader(), tenants=frozenset())
    assert choose_among(sagas, Wanted(), reader).sagas == {mine.id: [start.record, did.record]}


@pytest.fixture
def one_file(bare, monkeypatch) -> Path:
    """Of one start, whose personal data was replaced."""
    monkeypatch.setenv("ONBOARDING_KAFKA", "127.0.0.1:1")
    write_archive(PATH, files.Archive([Voices().start().record], replaced=True))
    return PATH


def test_a_trial_says_that_replaced_records_do_not_belong_where_they_came_from(
    onboarding, one_file
):
    dry = onboarding("replay", "publish", str(one_file), "--dry-run", "-o", "json")
    assert (dry.code, json.loads(dry.out)["personal_data"]) == (0, "replaced")
    assert "ID_REUSED" in dry.err
    assert "note: Kafka was not asked" in dry.err


def test_replaced_records_are_not_sent_unless_that_is_said(onboarding, one_file):
    why = ("--to-live", "--reason", "ticket 4711", "--yes", "other")
    ended = onboarding("replay", "publish", str(one_file), *why)
    assert (ended.code, "send it with --replaced" in ended.error) == (2, True)
    ended = onboarding("replay", "publish", str(one_file), *why, "--replaced")
    assert (ended.code, "not other: look again" in ended.error) == (1, True)


def test_what_was_sent_whole_begins_anew_and_what_was_broken_off_goes_on(tmp_path):
    path = tmp_path / "id.sent.json"
    assert Sent(path, 10, again=True).count == 0
    Sent(path, 10, again=False).note(10, "why", "ana")
    assert Sent(path, 10, again=False).count == 10
    anew = Sent(path, 10, again=True)
    assert anew.count == 0
    anew.note(4, "why", "ana")
    assert [Sent(path, 10, again=again).count for again in (True, False)] == [4, 4]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"sent": "4"}', '{"sent": -1}', "\xff"])
def test_a_note_of_what_was_sent_that_is_damaged_is_told_in_a_line(tmp_path, text):
    path = tmp_path / "id.sent.json"
    path.write_text(text, "latin-1")
    with pytest.raises(CliError, match="does not say how many records were sent") as error:
        Sent(path, 10, again=False)
    assert error.value.exit_code == 2


class Away:
    """A broker that takes no chunk."""

    async def send(self, messages: Sequence[Message]) -> None:
        raise CliError("Kafka did not take a message")


async def test_of_the_first_chunk_that_fails_some_may_be_sent(tmp_path):
    asked = Publish("some", True, "ticket 4711", "ana", 100)
    messages = [message_of(Voices().start().record, "")]
    sent = Sent(tmp_path / "id.sent.json", 1, again=False)
    with Bar() as bar, pytest.raises(CliError, match="and perhaps some of the next") as error:
        await at_rate(messages, asked, Away(), sent, bar)  # type: ignore[arg-type]
    assert error.value.exit_code == 3
    assert "0 of 1 were sent" in str(error.value)
