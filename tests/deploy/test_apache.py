"""Apache Kafka from Maven Central: how it is fetched, and that it keeps its topics."""

import os
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import AsyncMongoClient

from deploy.local.apache import Node, properties
from deploy.local.apache_install import install, jars_folder
from deploy.local.errors import FolderRefused, LocalError, Unavailable
from deploy.local.stack import Options, servers

JAVA_17 = "#!/bin/sh\necho 'openjdk version \"17.0.15\" 2025-04-15' >&2"
JAVA_8 = "#!/bin/sh\necho 'java version \"1.8.0_292\"' >&2"


@pytest.mark.apache
@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_topics_and_documents_outlive_a_restart(folder, heard):
    options = Options(folder.root, broker="apache")
    async with servers(options, heard) as stack:
        await fill(stack.kafka, b"kept")
        async with AsyncMongoClient(stack.mongo) as client:
            await client.shop.things.insert_one({"_id": 1})
    async with servers(options, heard) as stack:
        assert await first(stack.kafka) == b"kept"
        async with AsyncMongoClient(stack.mongo) as client:
            assert await client.shop.things.count_documents({}) == 1
    with pytest.raises(FolderRefused, match="Apache Kafka"):
        async with servers(Options(folder.root), heard):
            pytest.fail("the embedded broker started on it")


@pytest.mark.apache
@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_killed_broker_returns_with_its_topics(folder, heard):
    async with servers(Options(folder.root, broker="apache"), heard) as stack:
        await fill(stack.kafka, b"kept")
        stack.supervisor.kill("kafka")
        await stack.supervisor.wait_ready("kafka")
        assert await first(stack.kafka) == b"kept"


@pytest.mark.apache
@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_jars_are_fetched_once_and_then_need_no_maven(tmp_path):
    environ = {**os.environ, "ONBOARDING_CACHE": str(tmp_path / "cache")}
    runtime = await install(environ)
    assert {"kafka_2.13-4.3.1.jar", "slf4j-simple-1.7.36.jar"} <= names(runtime.jars)
    without_maven = {**environ, "PATH": str(Path(runtime.java).parent), "JAVA_HOME": ""}
    (tmp_path / "cache" / "kafka-4.3.1" / "mark").touch()
    assert "mark" in names((await install(without_maven)).jars)


@pytest.mark.parametrize(
    ("commands", "complaint"),
    [
        ({}, "java is not installed: --broker apache needs Java 17"),
        ({"java": JAVA_8}, "needs Java 17 or newer; .*1.8.0_292"),
        ({"java": JAVA_17}, "mvn is not installed: --broker apache needs Maven"),
    ],
)
async def test_what_is_missing_is_named_in_one_line(tmp_path, commands, complaint):
    with pytest.raises(Unavailable, match=complaint) as missing:
        await install(with_commands(tmp_path, commands))
    assert missing.value.exit_code == 2
    assert "\n" not in str(missing.value)


async def test_a_failed_fetch_is_told_in_mavens_words_and_leaves_nothing(tmp_path):
    environ = with_commands(
        tmp_path, {"java": JAVA_17, "mvn": "#!/bin/sh\necho no route to host; exit 1"}
    )
    with pytest.raises(LocalError, match="no route to host"):
        await install(environ)
    assert list(jars_folder(environ).parent.iterdir()) == []


def test_three_nodes_know_each_other_and_keep_three_copies(tmp_path):
    nodes = tuple(Node(i, 9000 + i, 9100 + i) for i in (1, 2, 3))
    lines = properties(nodes[1], nodes, tmp_path).splitlines()
    assert "node.id=2" in lines
    assert "controller.quorum.voters=1@127.0.0.1:9101,2@127.0.0.1:9102,3@127.0.0.1:9103" in lines
    assert "offsets.topic.replication.factor=3" in lines
    assert "transaction.state.log.min.isr=2" in lines


def with_commands(tmp_path: Path, commands: dict[str, str]) -> dict[str, str]:
    (tmp_path / "bin").mkdir()
    for name, script in commands.items():
        (tmp_path / "bin" / name).write_text(script)
        (tmp_path / "bin" / name).chmod(0o755)
    return {"PATH": str(tmp_path / "bin"), "ONBOARDING_CACHE": str(tmp_path / "cache")}


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


async def fill(kafka: str, value: bytes) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic("kept", num_partitions=1, replication_factor=1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        await producer.send_and_wait("kept", value)


async def first(kafka: str) -> bytes:
    consumer = AIOKafkaConsumer("kept", bootstrap_servers=kafka, auto_offset_reset="earliest")
    async with consumer:
        return (await consumer.getone()).value
