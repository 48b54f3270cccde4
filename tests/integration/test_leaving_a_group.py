"""A worker that stops in the middle of a rebalance, and the one that comes after it."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import RequestTimedOutError
from aiokafka.protocol.group import JoinGroupRequest, LeaveGroupRequest

from services.runtime.transport import leave_only_what_stands
from tests.integration.outside import PARTITIONS
from tests.integration.polling import until_so
from tests.integration.tiny import SESSION_SECONDS, Tiny

HEARTBEAT_MS, REBALANCE_MS, LONG_MS = 1_500, 30_000, 60_000


@pytest.fixture
def group(prefix: str) -> str:
    return f"{prefix}leaving"


async def test_one_that_does_not_know_yet_of_a_rebalance_does_not_keep_its_successor_out(
    tiny: Tiny, group: str
):
    async with joined(tiny, group) as leader:
        await ask_to_join(tiny, leader)
    async with joined(tiny, group) as successor:
        assert len(successor.assignment()) == PARTITIONS


async def test_one_that_has_not_been_given_its_partitions_yet_does_not_leave(
    tiny: Tiny, group: str
):
    async with joined(tiny, group) as leaving:
        said = told_to_the_broker(leaving, lost="SyncGroupRequest")
        leaving._coordinator.request_rejoin()
        await until_so("it joins again", lambda: "SyncGroupRequest" in said)
    assert "LeaveGroupRequest" not in said


async def test_one_whose_group_stands_leaves_it_at_once(tiny: Tiny, group: str):
    async with joined(tiny, group) as leaving:
        said = told_to_the_broker(leaving)
    assert said[-1] == "LeaveGroupRequest"


async def test_a_worker_that_still_waits_to_be_given_partitions_stops_when_it_is_told_to(
    tiny: Tiny,
):
    client = AIOKafkaClient(bootstrap_servers=tiny.servers.kafka)
    await client.bootstrap()
    node, of_faust = client.get_random_node(), [("faust", b"")]
    names = (f"{tiny.prefix}onboarding.tiny", LONG_MS, REBALANCE_MS)
    try:
        asked = JoinGroupRequest(*names, "", None, "consumer", of_faust)
        member = (await client.send(node, asked)).member_id
        leads = JoinGroupRequest(*names, member, None, "consumer", of_faust)
        assert (await client.send(node, leads)).leader_id == member  # and gives out nothing
        worker = await tiny.start()
        await until_so("it waits", lambda: "_NoThread]: Starting" in worker.log)
        worker.signal(signal.SIGTERM)
        assert await worker.code() == 0, worker.log
    finally:
        await client.close()


def told_to_the_broker(consumer: AIOKafkaConsumer, lost: str = "") -> list[str]:
    """The names of the requests of its group that it sends from now on; one of a kind is lost, which
    is noticed when the consumer closes."""
    said: list[str] = []
    send = consumer._coordinator._send_req

    async def noted(request: Any) -> Any:
        said.append(type(request).__name__)
        if said[-1] == lost:
            await consumer._coordinator._closing
            raise RequestTimedOutError
        return await send(request)

    consumer._coordinator._send_req = noted
    return said


def consumer_of(tiny: Tiny, group: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        tiny.topic("in"),
        bootstrap_servers=tiny.servers.kafka,
        group_id=group,
        session_timeout_ms=SESSION_SECONDS * 1000,
        heartbeat_interval_ms=HEARTBEAT_MS,
    )


@asynccontextmanager
async def joined(tiny: Tiny, group: str) -> AsyncIterator[AIOKafkaConsumer]:
    """With all partitions, of a later generation than the first, which aiokafka takes for none;
    stopped at the end."""
    consumer = consumer_of(tiny, group)
    starting = asyncio.create_task(consumer.start())
    try:
        await until_so("partitions", lambda: has_joined(consumer))
        if consumer._coordinator.generation == 0:
            gone = LeaveGroupRequest(group, await ask_to_join(tiny, consumer))
            await consumer._client.send(consumer._coordinator.coordinator_id, gone)
            await until_so("a later one", lambda: consumer._coordinator.generation > 0)
            await until_so("partitions", lambda: has_joined(consumer))
        leave_only_what_stands(consumer)
        yield consumer
    finally:
        await consumer.stop()
        await asyncio.gather(starting, return_exceptions=True)


def has_joined(consumer: AIOKafkaConsumer) -> bool:
    """And is done with it: its partitions are there a moment before."""
    given = len(consumer.assignment()) == PARTITIONS
    return given and not consumer._coordinator._performed_join_prepare


async def ask_to_join(tiny: Tiny, other: AIOKafkaConsumer) -> str:
    """As a worker does that is never heard of again; returns its member id."""
    coordinator = other._coordinator
    (assignor,) = coordinator._assignors
    like = assignor.metadata(other.subscription()).encode()
    names = (coordinator.group_id, SESSION_SECONDS * 1000, REBALANCE_MS, "", None, "consumer")
    request = JoinGroupRequest(*names, [(assignor.name, like)])
    member: str = (await other._client.send(coordinator.coordinator_id, request)).member_id
    return member
