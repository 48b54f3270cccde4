"""What the command line does stands in the audit; keys, as a person makes and ends them."""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from letters_given import Topics

from contracts.envelope import Message, Record
from contracts.poison import PoisonError
from contracts.topics import event_topic
from saga_state.document import Saga
from saga_state.store import SagaStore, database
from services.cli.replay.archive import Archive, write_archive
from services.cli.sending import sending
from services.gateway.keys import digest_of
from services.runtime.dead_letters import dead_letter
from services.runtime.mongo import connect
from services.runtime.settings import Settings
from services.runtime.topics import create_topics
from tests.conftest import RealServers
from tests.saga_state.saga_given import Voices

WHY = ("--reason", "ticket 4711", "--by", "ana")
Acts = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def on_servers(bare, settings: Settings, real_servers: RealServers, monkeypatch) -> None:
    """The environment names the servers, as it does where no stack was started here."""
    told = {"KAFKA": settings.kafka, "MONGO": real_servers.mongo, "PREFIX": settings.prefix}
    for name, value in {**told, "REPLICATION": "1"}.items():
        monkeypatch.setenv(f"ONBOARDING_{name}", value)


@pytest.fixture
def acts(on_servers, onboarding) -> Acts:
    """What `audit list` tells, the latest first."""

    def listed(*arguments: str) -> list[dict[str, Any]]:
        ended = onboarding("audit", "list", "-o", "json", *arguments)
        assert ended.code == 0, ended.err
        return json.loads(ended.out)

    return listed


async def keep(settings: Settings, saga: Saga) -> None:
    async with connect(settings.mongo.get_secret_value()) as client:
        store = SagaStore(database(client, settings.prefix))
        await store.ensure()
        await store.write_sagas([{**saga, "revision": 0}])


async def send(settings: Settings, message: Message) -> None:
    async with sending(settings) as sender:
        await sender.send([message])


def told(act: dict[str, Any]) -> tuple[str, str | None, str, str]:
    return act["what"], act["saga_id"], act["reason"], act["outcome"]


def test_asking_to_undo_is_recorded_and_trying_it_out_is_not(acts, onboarding, settings, sagas):
    saga = {**sagas["COMPLETED"], "_id": str(uuid4())}
    asyncio.run(keep(settings, saga))
    asyncio.run(create_topics(settings))
    dry = onboarding("compensate", saga["_id"], *WHY, "--dry-run")
    assert (dry.code, acts()) == (0, [])
    assert onboarding("compensate", saga["_id"], *WHY).code == 0
    (act,) = acts()
    assert told(act) == ("saga.compensate", saga["_id"], "ticket 4711", "done")
    assert act["who"].startswith("ana (")
    assert (act["where"], act["key_id"]) == ("cli", None)


def test_saying_that_an_undo_was_done_by_hand_is_recorded(acts, onboarding, settings, sagas):
    done = sagas["COMPLETED"]
    steps = [{**one, "state": "undo_parked"} for one in done["steps"]]
    saga = {**done, "_id": str(uuid4()), "steps": steps}
    asyncio.run(keep(settings, saga))
    asyncio.run(create_topics(settings))
    step = ("--step", "documents")
    assert onboarding("resolve", saga["_id"], *step, *WHY, "--dry-run").code == 0
    assert acts() == []
    assert onboarding("resolve", saga["_id"], *step, *WHY).code == 0
    assert [told(one) for one in acts()] == [("saga.resolve", saga["_id"], "ticket 4711", "done")]


def poison(settings: Settings, offset: int, tenant: str) -> Message:
    topic = event_topic("PartnerOnboardingInitiated", settings.prefix)
    headers = (("ce_tenantid", tenant.encode()), ("ce_type", b"x"))
    record = Record(topic, 0, offset, b"k", b"{}", headers, 1_772_445_600_000)
    error = PoisonError("UNKNOWN_TYPE", "ce_type is not one of ours")
    return dead_letter(record, "registration", error, settings.prefix)


@pytest.mark.parametrize(("verb", "what"), [("redrive", "dlq.redrive"), ("discard", "dlq.discard")])
def test_what_becomes_of_letters_is_recorded_for_each_tenant(
    acts, onboarding, settings, verb, what
):
    asyncio.run(create_topics(settings))
    for offset, tenant in enumerate(("acme", "acme", "default", "not a name <")):
        asyncio.run(send(settings, poison(settings, offset, tenant)))
    looked = onboarding("dlq", verb, "--dry-run", "-o", "json")
    assert looked.code == 0, looked.err
    assert acts() == []
    agreed = ("--yes", json.loads(looked.out)["hash"])
    done = onboarding("dlq", verb, *WHY, *agreed)
    assert done.code == 0, done.err
    for tenant in ("acme", "default"):
        (act,) = acts("--tenant", tenant)
        assert told(act)[:2] == (what, None)
        assert act["reason"].startswith("ticket 4711 (2 letters, ")


def test_records_that_are_sent_again_or_taken_out_with_personal_data_are_recorded(
    acts, onboarding, settings, tmp_path
):
    asyncio.run(create_topics(settings))
    write_archive(tmp_path / "one.jsonl", Archive([Voices().start().record], replaced=False))
    publish = ("replay", "publish", "one.jsonl")
    dry = json.loads(onboarding(*publish, "--dry-run", "-o", "json").out)
    assert acts() == []
    done = onboarding(*publish, "--to-live", *WHY, "--yes", dry["hash"])
    assert done.code == 0, done.err
    (sent,) = acts()
    assert told(sent)[:2] == ("replay.publish", None)
    assert sent["reason"] == f"ticket 4711 (1 record, {dry['replay_id']})"
    assert onboarding("replay", "export", "replaced.jsonl", "--replaced").code == 0
    assert len(acts()) == 1
    assert onboarding("replay", "export", "whole.jsonl", "--by", "ana").code == 0
    taken = acts()[0]
    assert told(taken)[:2] == ("replay.export", None)
    assert taken["reason"] == "1 record of 1 saga, with personal data"
    assert taken["who"].startswith("ana (")


def test_topics_that_are_made_are_recorded_once(acts, onboarding):
    assert onboarding("topics", "create", "--dry-run").code == 0
    assert acts() == []
    for _ in range(2):  # the second finds them there
        made = onboarding("topics", "create", "--by", "ana")
        assert (made.code, made.err) == (0, "")
    (act,) = acts()
    assert told(act)[:2] == ("topics.create", None)
    assert re.fullmatch(r"\d+ topics", act["reason"])
    assert act["who"].startswith("ana (")


def test_topics_are_made_where_nothing_keeps_an_audit_and_that_is_said(
    on_servers, onboarding, monkeypatch
):
    monkeypatch.delenv("ONBOARDING_MONGO")
    made = onboarding("topics", "create")
    assert (made.code, "the audit does not know of this" in made.err) == (0, True)


def test_keys_are_made_rotated_and_revoked_and_each_is_recorded(acts, onboarding):
    made = onboarding("keys", "create", "shop", "--role", "operator", "--by", "ana", "-o", "json")
    assert made.code == 0, made.err
    old = json.loads(made.out)
    rotated = onboarding("keys", "rotate", old["key_id"], "--hours", "2", "-o", "json")
    new = json.loads(rotated.out)
    assert (new["name"], new["scopes"]) == ("shop", old["scopes"])
    assert f"{old['key_id']} is valid until" in rotated.err
    assert [one["state"] for one in listed(onboarding)] == ["valid", "valid"]
    assert onboarding("keys", "revoke", old["key_id"]).code == 0
    states = {one["key_id"]: one["state"] for one in listed(onboarding)}
    assert states == {old["key_id"]: "revoked", new["key_id"]: "valid"}
    assert [one["what"] for one in acts()] == ["key.revoke", "key.rotate", "key.create"]
    assert all(key["key"] not in json.dumps(acts()) for key in (old, new))


def test_a_list_of_keys_has_nothing_that_opens_anything(on_servers, onboarding):
    made = json.loads(onboarding("keys", "create", "shop", "--role", "viewer", "-o", "json").out)
    shown = onboarding("keys", "list", "-o", "json").out + onboarding("keys", "list").out
    assert made["key_id"] in shown
    for secret in (made["key"], made["key"][17:], digest_of(made["key"])):
        assert secret not in shown


def test_a_key_that_was_rotated_without_overlap_counts_no_longer(on_servers, onboarding):
    old = json.loads(onboarding("keys", "create", "shop", "--role", "viewer", "-o", "json").out)
    onboarding("keys", "rotate", old["key_id"], "--hours", "0")
    states = {one["key_id"]: one["state"] for one in listed(onboarding)}
    assert states.pop(old["key_id"]) == "expired"
    assert list(states.values()) == ["valid"]
    again = onboarding("keys", "rotate", old["key_id"])
    assert (again.code, "is not valid any more" in again.err) == (1, True)


def test_a_key_that_there_is_not_is_a_no(on_servers, onboarding):
    for verb in ("rotate", "revoke"):
        ended = onboarding("keys", verb, "0" * 12)
        assert (ended.code, "`onboarding keys list` shows their ids" in ended.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("shop",), "say what it may do"),
        (("shop", "--role", "boss"), "--role"),
        (("shop", "--scope", "sagas:all"), "--scope"),
        ((" ", "--role", "viewer"), "NAME: say whose key it is"),
        (("x" * 101, "--role", "viewer"), "NAME: say whose key it is"),
    ],
)
def test_a_key_that_cannot_be_is_wrong_usage(bare, onboarding, monkeypatch, arguments, line):
    monkeypatch.setenv("ONBOARDING_MONGO", "mongodb://127.0.0.1:1")
    ended = onboarding("keys", "create", *arguments)
    assert (ended.code, line in ended.err) == (2, True), ended.err


def listed(onboarding) -> list[dict[str, Any]]:
    return json.loads(onboarding("keys", "list", "-o", "json").out)


def test_a_letter_belongs_to_the_tenant_that_its_record_names():
    """A record without a type may be structured: then its value names the tenant."""
    topics = Topics()
    type_ = ("ce_type", b"x")
    named = [
        *((type_, ("ce_tenantid", one)) for one in (b"acme", b"<b>", b"")),
        (type_,),
        (("ce_tenantid", b"acme"),),
        (),
    ]
    for offset, headers in enumerate(named):
        topics.poison(offset, headers=headers)
    topics.parked()
    tenants = [one.tenant_id for one in topics.letters()]
    assert tenants == ["acme", "default", "default", "default", "", "", "default"]
