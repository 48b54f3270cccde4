"""What the coordinator of a group says when it cannot say where the group stands."""

import asyncio
import time
from contextlib import suppress
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.consumer import fetcher
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError
from aiokafka.producer import message_accumulator, producer
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.record.memory_records import MemoryRecords

from services.runtime.kafka_places import KafkaPlaces
from services.runtime.kafka_reading import READ_ON_MS
from services.runtime.settings import load_settings
from tests.integration.polling import until, until_so

PLACE = ("onboarding.contract-created", 0)


class NotUtf8(str):
    """A name that nothing can read."""

    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        return b"\xff\xfe"


class Loading:
    """The answer to OffsetFetch, version 2 and later: the error of the group stands beside it."""

    topics = ()
    error_code = 14


async def test_a_coordinator_that_is_loading_is_not_a_group_that_does_not_exist(monkeypatch):
    """aiokafka looks at the errors of partitions alone, and gives nothing back."""

    async def answer(*_: Any) -> Any:
        return Loading()

    async def coordinator(*_: Any) -> int:
        return 1

    admin = AIOKafkaAdminClient(bootstrap_servers="127.0.0.1:1")
    admin._send_request, admin.find_coordinator = answer, coordinator
    places = KafkaPlaces(load_settings(_env_file=None))
    places._consumer, places._admin = object(), admin
    with pytest.raises(KafkaError):
        await places.of_group("onboarding.documents", [PLACE])


@pytest.mark.servers
async def test_of_a_group_that_does_not_exist_every_partition_is_without_a_place(kafka, topic):
    """Otherwise it could not be told from one whose coordinator is loading."""
    places = KafkaPlaces(load_settings(_env_file=None, kafka=kafka[1]))
    ends = await places.ends([topic])

    async def told() -> list[Any]:
        """A new broker makes its topic of groups when it is first asked of one."""
        with suppress(GroupCoordinatorNotAvailableError):
            return [await places.of_group("nobody", list(ends))]
        return []

    assert await until("a coordinator is there", told) == [{}]
    await places.close()


@pytest.mark.servers
@pytest.mark.parametrize("batch", [1, 3, 200])
async def test_a_log_ends_behind_the_last_record_of_its_last_batch(kafka, topic, batch):
    places = KafkaPlaces(load_settings(_env_file=None, kafka=kafka[1]))
    assert set((await places.ends([topic])).values()) == {0}
    async with AIOKafkaProducer(bootstrap_servers=kafka[1], linger_ms=50) as producer:
        for count in (1, 2):
            await asyncio.gather(
                *[await producer.send(topic, b"x", partition=0) for _ in range(batch)]
            )
            assert (await places.ends([topic]))[topic, 0] == count * batch
    await places.close()


@pytest.mark.servers
async def test_a_log_ends_there_though_the_broker_takes_its_time(kafka, topic, monkeypatch):
    places = KafkaPlaces(load_settings(_env_file=None, kafka=kafka[1]))
    await places.ends([topic])
    async with AIOKafkaProducer(bootstrap_servers=kafka[1], linger_ms=50) as producer:
        for one in range(4):
            await asyncio.gather(
                *[await producer.send(topic, b"x", partition=one) for _ in range(3)]
            )
    client = places._consumer._client
    send = client.send

    async def late(node: int, request: Any, **more: Any) -> Any:
        if isinstance(request, FetchRequest):
            await asyncio.sleep(2 * READ_ON_MS / 1000)
        return await send(node, request, **more)

    monkeypatch.setattr(client, "send", late)
    assert await places.ends([topic]) == {(topic, one): 3 for one in range(4)}
    await places.close()


@pytest.mark.servers
async def test_a_log_whose_last_record_has_a_header_that_cannot_be_read_ends_behind_it(
    kafka, topic, monkeypatch
):
    monkeypatch.setattr(fetcher, "MemoryRecords", MemoryRecords)  # as in a process that is new
    for module in (producer, message_accumulator):
        monkeypatch.setattr(module, "DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy)
    places = KafkaPlaces(load_settings(_env_file=None, kafka=kafka[1]))
    async with AIOKafkaProducer(bootstrap_servers=kafka[1]) as one:
        headers = [(NotUtf8("name"), b"x")]
        await one.send_and_wait(topic, b"x", partition=0, headers=headers)
    assert (await places.ends([topic]))[topic, 0] == 1
    await places.close()


@pytest.mark.servers
async def test_every_partition_is_told_of_though_the_client_just_refreshes_what_it_knows(
    kafka, topic, monkeypatch
):
    """aiokafka forgets a topic that it is asked for meanwhile: of its partitions only the first
    was told of."""
    places = KafkaPlaces(load_settings(_env_file=None, kafka=kafka[1]))
    await places.ends([])
    client = places._consumer._client
    refresh, asked = client._metadata_update, asyncio.Event()

    async def noted(cluster: Any, topics: Any) -> bool:
        asked.set()
        return await refresh(cluster, topics)

    monkeypatch.setattr(client, "_metadata_update", noted)
    await client.force_metadata_update()
    asked.clear()
    refreshed = client.force_metadata_update()
    await asked.wait()
    ends = await places.ends([topic])
    assert sorted(ends) == [(topic, one) for one in range(4)]
    await refreshed
    await places.close()


@pytest.mark.servers
async def test_two_questions_at_once_are_answered_as_one_after_the_other(kafka, topic):
    places = KafkaPlaces(load_settings(_env_file=None, kafka=kafka[1]))
    async with AIOKafkaProducer(bootstrap_servers=kafka[1]) as producer:
        before = int(time.time() * 1000)
        await producer.send_and_wait(topic, b"x", partition=3)
    asked = [
        call for _ in range(5) for call in (places.ends([topic]), places.since([topic], before))
    ]
    for told in await asyncio.gather(*asked):
        assert told == {(topic, 0): 0, (topic, 1): 0, (topic, 2): 0, (topic, 3): 1}
    await places.close()


@pytest.mark.servers
async def test_topics_are_told_by_name_and_what_they_were_given_since_a_time(kafka, topic):
    places = KafkaPlaces(load_settings(_env_file=None, kafka=kafka[1]))
    assert topic in await places.topics()
    assert "no such topic" not in await places.topics()
    before = int(time.time() * 1000)
    assert (await places.since([topic], before))[topic, 0] == 0
    async with AIOKafkaProducer(bootstrap_servers=kafka[1]) as producer:
        for _ in range(2):
            await producer.send_and_wait(topic, b"x", partition=0)
    given = await places.since([topic], before)
    assert (given[topic, 0], given[topic, 1]) == (2, 0)
    assert (await places.since([topic], before + 60_000))[topic, 0] == 0
    await places.close()


@pytest.mark.servers
async def test_a_group_that_nobody_is_in_has_no_members_and_one_that_somebody_is_in_has(
    kafka, topic, prefix, real_servers
):
    """The embedded broker keeps members that are dead: of it nothing is told."""
    places = KafkaPlaces(load_settings(_env_file=None, kafka=kafka[1]))
    assert (await places.members(f"{prefix}nobody")).clients == ()
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=kafka[1], group_id=f"{prefix}group", client_id="somebody"
    )
    async with consumer:
        await until_so("assigned", consumer.assignment)
        found = await places.members(f"{prefix}group")
    if real_servers.broker == "apache":
        assert found.state == "Stable"
        assert found.clients == ("somebody at 127.0.0.1",)
    else:
        assert found.clients is None
    await places.close()
