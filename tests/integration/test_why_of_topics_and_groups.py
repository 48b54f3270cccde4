"""What only Apache Kafka shows: a topic that is missing, one that was made anew, a group without
members. The embedded broker makes a topic as soon as it is asked, and ends no session of the dead.
"""

import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CommitFailedError
from pymongo import AsyncMongoClient

from saga_state.why.answer import Answer
from tests.integration.asked_why import DONE, Asked, as_shown, asked_why, in_this_process
from tests.integration.outside import PARTITIONS
from tests.integration.polling import until

pytestmark = [pytest.mark.apache, pytest.mark.slow, pytest.mark.timeout(600)]
HEARERS = ("documents", "campaigns", "recruitment", "saga_state")


@pytest.fixture(scope="module")
async def apache(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asked]:
    async with asked_why("apache", tmp_path_factory.mktemp("why")) as asked:
        yield asked


async def test_a_topic_that_is_missing_is_named_and_made(apache: Asked):
    """Its hearers are stopped while it is deleted: one that lives would pass over what comes."""
    supervisor = apache.running.stack.supervisor
    for name in HEARERS:
        await supervisor.stop(name)
    topic = f"{apache.running.prefix}onboarding.campaigns-enabled"
    await deleted(apache, topic)
    for name in HEARERS:
        await supervisor.start(name)
    saga = await apache.start()
    answer = await apache.until_why(saga, "topic_missing")
    assert answer["sure"]
    assert answer["sentence"].startswith(f"A topic is missing on the broker: {topic}. Once made,")
    assert (await apache.do(answer["command"])).code == 0
    for name in HEARERS:
        await supervisor.stop(name)
        await supervisor.start(name)
    await apache.until_status(saga, *DONE)


async def test_a_group_that_has_read_further_than_the_log_goes_is_named_and_reset(apache: Asked):
    supervisor, group = (
        apache.running.stack.supervisor,
        f"{apache.running.prefix}onboarding.documents",
    )
    topic = f"{apache.running.prefix}onboarding.contract-created"
    await supervisor.stop("documents")
    await stand_at(apache, group, topic, 1000)
    saga = await apache.start()
    await apache.until_status(saga, "CONTRACT_CREATED")
    answer = await apache.until_why(saga, "topic_made_anew")
    assert (answer["service"], answer["sure"]) == ("documents", True)
    reset = f"--reset-offsets --to-earliest --group {group} --topic {topic} --execute"
    assert answer["command"] == (
        f"kafka-consumer-groups.sh --bootstrap-server $ONBOARDING_KAFKA {reset}"
    )
    await stand_at(apache, group, topic, 0)  # which is what that command does
    await supervisor.start("documents")
    await apache.until_status(saga, *DONE)


async def test_a_service_that_lives_while_its_group_has_no_member_is_named(apache: Asked):
    """Its session is over before its last sign of life is old, which is kept young here."""
    supervisor = apache.running.stack.supervisor
    supervisor.kill("documents", signal.SIGSTOP)
    saga = await apache.start()
    try:

        async def named() -> Answer | None:
            async with AsyncMongoClient[dict[str, Any]](apache.servers.mongo) as client:
                own = client[f"{apache.running.prefix}onboarding_documents"].instances
                await own.update_many({}, {"$currentDate": {"seen_at": True}})
            answer = await in_this_process(apache, saga)
            return answer if answer.cause.name == "group_without_members" else None

        answer = await until("a group without members", named)
        assert answer is not None
        assert (answer.cause.service, answer.sure) == ("documents", False)
        apache.note("group_without_members", answer.body, as_shown(answer))
    finally:
        supervisor.kill("documents", signal.SIGCONT)
    assert "documents" in (await apache.do(answer.cause.command)).out
    await apache.until_status(saga, *DONE)


async def stand_at(asked: Asked, group: str, topic: str, offset: int) -> None:
    """Where a group stands, as a log that was cut or restored leaves it behind."""
    places = [TopicPartition(topic, one) for one in range(PARTITIONS)]
    async with AIOKafkaConsumer(
        bootstrap_servers=asked.running.kafka, group_id=group, enable_auto_commit=False
    ) as consumer:
        consumer.assign(places)

        async def committed() -> bool:
            try:
                await consumer.commit(dict.fromkeys(places, offset))
            except CommitFailedError:  # the session of the member before is not over
                return False
            return True

        await until("a commit", committed)


async def deleted(apache: Asked, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=apache.running.kafka)
    await admin.start()
    try:
        await admin.delete_topics([topic])

        async def gone() -> bool:
            return topic not in await admin.list_topics()

        await until("a topic that is gone", gone)
    finally:
        await admin.close()
