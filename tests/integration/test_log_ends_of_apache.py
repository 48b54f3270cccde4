"""Where a log ends whose last record is none, or has gone; the embedded broker knows neither."""

from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete

from services.runtime.kafka_places import KafkaPlaces
from services.runtime.settings import load_settings
from tests.conftest import RealServers
from tests.integration.polling import until

pytestmark = pytest.mark.slow


@pytest.fixture
async def admin(real_servers: RealServers) -> AsyncIterator[AIOKafkaAdminClient]:
    if real_servers.broker == "embedded":
        pytest.skip("the embedded broker has no transactions and deletes no records")
    client = AIOKafkaAdminClient(bootstrap_servers=real_servers.kafka)
    await client.start()
    yield client
    await client.close()


@pytest.fixture
async def topic(admin: AIOKafkaAdminClient, prefix: str) -> str:
    await admin.create_topics([NewTopic(f"{prefix}log", 1, 1)])
    return f"{prefix}log"


@pytest.fixture
async def places(real_servers: RealServers) -> AsyncIterator[KafkaPlaces]:
    told = KafkaPlaces(load_settings(_env_file=None, kafka=real_servers.kafka))
    yield told
    await told.close()


async def test_a_log_whose_records_have_gone_ends_where_it_ended(
    real_servers: RealServers, admin: AIOKafkaAdminClient, topic: str, places: KafkaPlaces
):
    async with AIOKafkaProducer(bootstrap_servers=real_servers.kafka) as producer:
        for _ in range(2):
            await producer.send_and_wait(topic, b"x")
    await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(2)})
    assert await places.ends([topic]) == {(topic, 0): 2}
    assert await places.begins([topic]) == {(topic, 0): 2}


@pytest.mark.parametrize("commits", [True, False], ids=["committed", "aborted"])
async def test_a_log_ends_behind_the_marker_of_a_transaction(
    real_servers: RealServers, topic: str, places: KafkaPlaces, prefix: str, commits: bool
):
    async with AIOKafkaProducer(
        bootstrap_servers=real_servers.kafka, transactional_id=f"{prefix}one"
    ) as producer:
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"x")
        await (producer.commit_transaction() if commits else producer.abort_transaction())

    async def marked() -> bool:
        return await places.ends([topic]) == {(topic, 0): 2}

    await until("the marker, which comes a moment later", marked)
