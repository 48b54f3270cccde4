"""asyncapi.json is valid AsyncAPI 3.0 and tells all of journey.py, events.py and topics.py."""

import copy
import json
from pathlib import Path

import jsonschema_rs
import pytest

from contracts import generate
from contracts.asyncapi import asyncapi
from contracts.events import EVENTS, event_names
from contracts.participants import participants
from contracts.schema_files import asyncapi_text
from contracts.topics import dead_letter_topic, event_topic, kebab

OFFICIAL = json.loads((Path(__file__).parent / "asyncapi_specification" / "3.0.0.json").read_text())
DOCUMENT = json.loads(asyncapi_text())


@pytest.fixture(scope="module")
def official():
    return jsonschema_rs.validator_for(OFFICIAL)


def refs(node):
    if isinstance(node, dict):
        yield from [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        for value in node.values():
            yield from refs(value)


def resolve(ref):
    node = DOCUMENT
    for part in ref.removeprefix("#/").split("/"):
        node = node[part]
    return node


def test_the_document_is_valid_by_the_official_schema(official):
    assert [
        f"{error.instance_path}: {error.message}" for error in official.iter_errors(DOCUMENT)
    ] == []


def break_action(document):
    document["operations"]["contract-says-contract-created"]["action"] = "shout"


def break_channel(document):
    document["channels"]["contract-created"]["adress"] = document["channels"][
        "contract-created"
    ].pop("address")


def break_message(document):
    document["components"]["messages"]["ContractCreated.v1"]["colour"] = "red"


def break_server(document):
    del document["servers"]["kafka"]["protocol"]


@pytest.mark.parametrize("breaking", [break_action, break_channel, break_message, break_server])
def test_the_official_schema_finds_a_mistake(official, breaking):
    wrong = copy.deepcopy(DOCUMENT)
    breaking(wrong)
    assert not official.is_valid(wrong)


def test_every_reference_leads_somewhere():
    found = set(refs(DOCUMENT))
    assert len(found) > 30
    for ref in found:
        if ref.startswith("#/"):
            assert resolve(ref)
        else:
            assert (generate.ROOT / ref).is_file(), ref


def test_every_event_has_its_channel_and_every_version_its_message():
    for name, version in EVENTS:
        channel = DOCUMENT["channels"][kebab(name)]
        assert channel["address"] == event_topic(name)
        message = resolve(channel["messages"][f"{name}.v{version}"]["$ref"])
        assert message["name"] == f"com.hexabuilders.onboarding.{name}.v{version}"
        assert message["payload"]["schema"]["$ref"] == f"schemas/{name}.v{version}.json"


def test_the_topics_are_all_that_there_are():
    letters = {dead_letter_topic(part.name) for part in participants() if part.has_dead_letters}
    events = {event_topic(name) for name in event_names()}
    assert {channel["address"] for channel in DOCUMENT["channels"].values()} == letters | events
    assert len(letters) == 6


def test_every_event_is_sent_and_received_and_every_dead_letter_heard_by_the_projection():
    used = {
        (op["action"], op["channel"]["$ref"].rpartition("/")[2])
        for op in DOCUMENT["operations"].values()
    }
    assert used == {
        (action, channel) for action in ("send", "receive") for channel in DOCUMENT["channels"]
    }
    heard = {name for name in DOCUMENT["operations"] if name.startswith("saga-state-hears-")}
    assert len(heard) == len(EVENTS) + 6


def test_who_says_contract_created_and_who_hears_it():
    of = [name for name in DOCUMENT["operations"] if name.endswith("-contract-created")]
    assert sorted(of) == [
        "contract-says-contract-created",
        "documents-hears-contract-created",
        "registration-hears-contract-created",
        "saga-state-hears-contract-created",
    ]


def test_a_second_version_is_a_second_message_of_the_same_channel():
    second = type(
        "ContractCreated", (EVENTS["ContractCreated", 1],), {"VERSION": 2, "__module__": __name__}
    )
    document = asyncapi({**EVENTS, ("ContractCreated", 2): second})
    assert set(document["channels"]["contract-created"]["messages"]) == {
        "ContractCreated.v1",
        "ContractCreated.v2",
    }
