"""Making and checking topics, on a real broker."""

import asyncio
import time

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from contracts.events import event_names
from contracts.journey import JOURNEYS
from contracts.topics import dead_letter_topic, event_topic
from services.runtime.settings import Settings, load_settings
from services.runtime.topics import check_topics, create_topics, wanted_topics

pytestmark = pytest.mark.servers


async def names_on(settings: Settings) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    try:
        return {name for name in await admin.list_topics() if name.startswith(settings.prefix)}
    finally:
        await admin.close()


async def listed(settings: Settings, names: set[str]) -> None:
    """Apache Kafka makes a topic and tells of it a moment later."""
    deadline = time.monotonic() + 15
    while not names <= await names_on(settings):
        assert time.monotonic() < deadline, "the broker does not list what it made"
        await asyncio.sleep(0.05)


async def make(settings: Settings, *topics: NewTopic) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    try:
        await admin.create_topics(list(topics))
    finally:
        await admin.close()
    await listed(settings, {topic.name for topic in topics})


async def create_all(settings: Settings) -> list[str]:
    made = await create_topics(settings)
    await listed(settings, {topic.name for topic in wanted_topics(settings)})
    return made


def test_every_event_and_every_service_has_a_topic():
    settings = load_settings(_env_file=None, prefix="t1-")
    steps = {name for journey in JOURNEYS.values() for name in journey.step_names}
    events = {event_topic(name, "t1-") for name in event_names()}
    letters = {dead_letter_topic(name, "t1-") for name in (*steps, "saga-state")}
    wanted = wanted_topics(settings)
    assert {topic.name for topic in wanted} == events | letters
    assert len(wanted) == len(events) + len(letters)


def test_dead_letters_are_kept_longer_and_may_be_larger_and_copies_need_a_majority():
    settings = load_settings(_env_file=None, retention_hours=1, dead_letter_retention_hours=2)
    by_name = {topic.name: topic for topic in wanted_topics(settings)}
    event = by_name["onboarding.contract-created"].config
    letter = by_name["onboarding.contract.dlq"].config
    assert (event["retention.ms"], letter["retention.ms"]) == ("3600000", "7200000")
    assert int(letter["max.message.bytes"]) > int(event["max.message.bytes"]) == 1_048_576
    assert (event["min.insync.replicas"], event["unclean.leader.election.enable"]) == ("2", "false")
    single = load_settings(_env_file=None, replication=1)
    assert {topic.config["min.insync.replicas"] for topic in wanted_topics(single)} == {"1"}


async def test_topics_are_made_once_and_then_left_alone(settings):
    wanted = {topic.name for topic in wanted_topics(settings)}
    assert set(await create_all(settings)) == wanted
    assert await create_all(settings) == []
    assert await names_on(settings) == wanted
    assert await check_topics(settings) == []


async def test_what_is_missing_is_found_and_not_made_by_looking(settings):
    """Tansu makes a topic that is described: names are listed first."""
    wanted = {topic.name for topic in wanted_topics(settings)}
    findings = await check_topics(settings)
    assert {finding.topic for finding in findings} == wanted
    assert {finding.problem for finding in findings} == {"is missing"}
    assert await names_on(settings) == set()


async def test_only_what_is_missing_is_made(settings):
    contract = event_topic("ContractCreated", settings.prefix)
    await make(settings, NewTopic(contract, settings.partitions, 1))
    wanted = {topic.name for topic in wanted_topics(settings)}
    assert set(await create_all(settings)) == wanted - {contract}


async def test_another_number_of_partitions_is_found_and_never_changed(settings):
    contract = event_topic("ContractCreated", settings.prefix)
    await make(settings, NewTopic(contract, 7, 1))
    await create_all(settings)
    findings = [one for one in await check_topics(settings) if "partitions" in one.problem]
    assert [(one.topic, one.problem) for one in findings] == [
        (contract, "has 7 partitions, the settings say 4")
    ]
    assert "ONBOARDING_PARTITIONS=7" in findings[0].remedy


async def test_fewer_copies_than_wanted_are_found(settings):
    await create_all(settings)
    more = settings.model_copy(update={"replication": 3})
    found = {one.topic for one in await check_topics(more) if "copies" in one.problem}
    assert found == {topic.name for topic in wanted_topics(settings)}


async def test_of_commands_that_run_at_once_each_tells_what_it_made(settings):
    made = await asyncio.gather(*(create_topics(settings) for _ in range(3)))
    told = [name for names in made for name in names]
    assert sorted(told) == sorted(topic.name for topic in wanted_topics(settings))
