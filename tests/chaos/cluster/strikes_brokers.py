"""What is done to the brokers themselves."""

import json
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tests.chaos.cluster.servers import BROKERS
from tests.chaos.cluster.strikes_any import ended, rolled, stopped
from tests.chaos.cluster.target import Cluster
from tests.integration import outside
from tests.integration.polling import until

IN_SYNC_SECONDS = 120.0


@asynccontextmanager
async def kill_leader(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    """kill -9 of the broker that leads the most partitions."""
    leaders = await until_in_sync(cluster)
    name = f"kafka-{leaders.most_common(1)[0][0]}"
    async with ended(cluster, name, signal.SIGKILL):
        yield name


@asynccontextmanager
async def kill_controller(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    """kill -9 of the node that leads the quorum."""
    await until_in_sync(cluster)
    name = f"kafka-{_controller(cluster)}"
    async with ended(cluster, name, signal.SIGKILL):
        yield name


@asynccontextmanager
async def end_broker(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    await until_in_sync(cluster)
    async with ended(cluster, chance.choice(BROKERS), signal.SIGTERM) as name:
        yield name


@asynccontextmanager
async def stop_broker(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    await until_in_sync(cluster)
    async with stopped(cluster, chance.choice(BROKERS)) as name:
        yield name


@asynccontextmanager
async def roll_brokers(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    """Each is told to stop and started again, when all copies are in sync."""
    await rolled(cluster, chance, BROKERS, until_in_sync)
    yield ""


async def until_in_sync(cluster: Cluster) -> Counter[int]:
    """Wait until all copies are: how many partitions each broker leads then."""
    leaders: Counter[int] = Counter()

    async def in_sync() -> bool:
        leaders.clear()
        partitions = await _partitions(cluster.servers.kafka_itself)
        leaders.update(one["leader"] for one in partitions)
        return bool(partitions) and all(len(one["isr"]) == 3 for one in partitions)

    await until("all copies in sync", in_sync, IN_SYNC_SECONDS, pause=0.5)
    return leaders


async def _partitions(kafka: str) -> list[dict[str, object]]:
    """Of all events; none while nobody tells."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka, request_timeout_ms=5000)
    try:
        await admin.start()
        topics = await admin.describe_topics(outside.event_topics(""))
        return [one for topic in topics for one in topic["partitions"]]
    except (KafkaError, TimeoutError):
        return []
    finally:
        await admin.close()


def _controller(cluster: Cluster) -> int:
    """The leader of the latest epoch that a node has written down."""
    files = cluster.servers.root.glob("kafka/node-*/data/__cluster_metadata-0/quorum-state")
    told = [json.loads(file.read_text()) for file in files]
    return int(max(told, key=lambda one: (one["leaderEpoch"], one["leaderId"]))["leaderId"])


STRIKES = {
    "kill-leader": kill_leader,
    "kill-controller": kill_controller,
    "end-broker": end_broker,
    "stop-broker": stop_broker,
    "roll-brokers": roll_brokers,
}
