"""Both ports twice: `one` is a log and `kept` a store, in memory and on the real servers."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from runtime_given import Clock

from contracts.envelope import Record
from services.runtime.kafka import KafkaLog
from services.runtime.memory import MemoryLog, MemoryStore
from services.runtime.mongo import connect
from services.runtime.ports import Log, Store
from services.runtime.settings import load_settings
from services.runtime.store import StepStore
from services.runtime.vitals import Vitals

PARTITIONS = 4
REAL = pytest.param("real", marks=pytest.mark.servers)


@dataclass
class OneLog:
    """A log, a topic on it that no other test uses, and how to read that topic."""

    log: Log
    topic: str
    records: Callable[[], Awaitable[Sequence[Record]]]


@pytest.fixture(scope="session")
async def kafka(real_servers) -> AsyncIterator[tuple[KafkaLog, str]]:
    """The log on Kafka, and its address."""
    settings = load_settings(_env_file=None, kafka=real_servers.kafka)
    log = KafkaLog(settings, Vitals())
    await log.start()
    yield log, settings.kafka
    await log.stop()


@pytest.fixture
async def topic(kafka: tuple[KafkaLog, str], prefix: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka[1])
    await admin.start()
    await admin.create_topics([NewTopic(f"{prefix}topic", PARTITIONS, 1)])
    await admin.close()
    return f"{prefix}topic"


@pytest.fixture
async def memory_log() -> OneLog:
    memory = MemoryLog(Clock())

    async def records() -> Sequence[Record]:
        return memory.records("topic")

    return OneLog(memory, "topic", records)


@pytest.fixture
async def real_log(kafka: tuple[KafkaLog, str], topic: str) -> OneLog:
    log, address = kafka
    return OneLog(log, topic, lambda: read(address, topic))


@pytest.fixture(params=["memory", REAL])
def one(request: pytest.FixtureRequest) -> OneLog:
    return request.getfixturevalue(f"{request.param}_log")


async def read(address: str, topic: str) -> list[Record]:
    """All that stands there."""
    found: list[Record] = []
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=address, auto_offset_reset="earliest", fetch_max_wait_ms=50
    )
    async with consumer:
        consumer.assign(partitions)
        end = await consumer.end_offsets(partitions)
        while any([await consumer.position(one) < end[one] for one in partitions]):
            for batch in (await consumer.getmany(timeout_ms=1000)).values():
                found += map(record_of, batch)
    return found


def record_of(got: Any) -> Record:
    headers = tuple(got.headers)
    return Record(got.topic, got.partition, got.offset, got.key, got.value, headers, got.timestamp)


@pytest.fixture(scope="session")
async def mongo(real_servers):
    client = connect(real_servers.mongo)
    yield client
    await client.close()


@pytest.fixture
def memory_store() -> MemoryStore:
    return MemoryStore(Clock())


@pytest.fixture
async def real_store(mongo, prefix: str) -> AsyncIterator[StepStore]:
    name = f"{prefix}onboarding_contract"
    store = StepStore(mongo, name, Vitals(), Clock())
    await store.ensure(["email", "phone"])
    yield store
    await mongo.drop_database(name)


@pytest.fixture(params=["memory", REAL])
def kept(request: pytest.FixtureRequest) -> Store:
    return request.getfixturevalue(f"{request.param}_store")
