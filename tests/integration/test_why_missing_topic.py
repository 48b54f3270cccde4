"""A topic that is missing, on Apache Kafka: the embedded broker makes one as soon as it is asked."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.integration.asked_why import DONE, Asked, asked_why
from tests.integration.polling import until

pytestmark = [pytest.mark.apache, pytest.mark.slow, pytest.mark.timeout(300)]
HEARERS = ("campaigns", "recruitment", "saga_state")


@pytest.fixture
async def apache(tmp_path: Path) -> AsyncIterator[Asked]:
    async with asked_why("apache", tmp_path) as asked:
        yield asked


async def test_a_topic_that_is_missing_is_named_and_made(apache: Asked):
    """Its hearers are stopped while it is deleted: one that lives would pass over what comes."""
    supervisor = apache.running.stack.supervisor
    for name in HEARERS:
        await supervisor.stop(name)
    topic = f"{apache.running.prefix}onboarding.recruitment-setup-completed"
    await deleted(apache, topic)
    for name in HEARERS:
        await supervisor.start(name)
    saga = await apache.start()
    answer = await apache.until_why(saga, "broker_unreachable")
    assert answer["sure"]
    assert answer["sentence"] == f"A topic is missing on the broker: {topic}."
    assert (await apache.do(answer["command"])).code == 0
    await apache.until_status(saga, *DONE)


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
