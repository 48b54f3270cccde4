"""Three brokers, each behind a proxy for clients, three mongods as one set, and the platform.

The brokers speak with each other directly, and so does who must see what truly is there.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from deploy.local import apache, apache_install, embedded, store
from deploy.local.child import Child
from deploy.local.folder import StateFolder
from deploy.local.platform_child import platform
from deploy.local.ports import LOOPBACK, free_ports, is_open
from deploy.local.supervisor import OnEvent, Supervisor, supervising
from tests.chaos.cluster.kafka_proxy import Proxy, proxy
from tests.integration.polling import until

BROKERS = ("kafka-1", "kafka-2", "kafka-3")
DATABASES = ("mongo-1", "mongo-2", "mongo-3")
ELECTION_MS, PATIENCE_MS = 5_000, 60_000


@dataclass(frozen=True)
class Servers:
    """`kafka` leads through the proxies (by broker's name), `kafka_itself` past them."""

    supervisor: Supervisor
    kafka: str
    kafka_itself: str
    mongo: str
    platform: str
    effects: Path
    proxies: Mapping[str, Proxy]
    root: Path = field(repr=False)

    def mongo_host(self, name: str) -> str:
        """`127.0.0.1:<port>` of one of DATABASES."""
        hosts = self.mongo.removeprefix("mongodb://").partition("/")[0].split(",")
        return hosts[DATABASES.index(name)]


@asynccontextmanager
async def cluster_servers(
    root: Path, chance: random.Random, on_event: OnEvent
) -> AsyncIterator[Servers]:
    """All of them in `root` (absolute), ready; they are gone when the block ends."""
    folder = StateFolder(root)
    async with AsyncExitStack() as open_ones:
        supervisor = await open_ones.enter_async_context(supervising(folder, on_event))
        nodes, itself, proxied = apache.some_nodes(3), free_ports(3), free_ports(3)
        proxies = {}
        for name, node, port in zip(BROKERS, nodes, proxied, strict=True):
            made = proxy(port, node.port, random.Random(chance.random()))
            proxies[name] = await open_ones.enter_async_context(made)
        brokers = await _brokers(folder.root / "kafka", nodes, itself, proxied)
        databases, mongo = _databases(folder.root / "mongo")
        outside, url = platform(folder.root / "platform.jsonl", os.environ)
        await supervisor.launch([*brokers, *databases, outside])
        await asyncio.gather(_one_cluster(_joined(itself)), one_set(mongo))
        yield Servers(
            supervisor, _joined(proxied), _joined(itself), mongo, url,
            folder.root / "platform.jsonl", proxies, folder.root,
        )  # fmt: skip


async def _brokers(
    root: Path, nodes: tuple[apache.Node, ...], itself: tuple[int, ...], proxied: tuple[int, ...]
) -> tuple[Child, ...]:
    """As the local stack has them, with a listener more; the last line of a name counts."""
    runtime = await apache_install.install(os.environ)
    children, _ = await apache.brokers(root, nodes, runtime)
    for node, own, clients in zip(nodes, itself, proxied, strict=True):
        file = root / f"node-{node.id}" / "server.properties"
        file.write_text(file.read_text() + _listeners(node, own, clients))
    return children


def _listeners(node: apache.Node, own: int, clients: int) -> str:
    listeners = f"CLIENTS://{LOOPBACK}:{node.port},BROKERS://{LOOPBACK}:{own}"
    return "\n".join(
        (
            f"listeners={listeners},CONTROLLER://{LOOPBACK}:{node.controller_port}",
            f"advertised.listeners=CLIENTS://{LOOPBACK}:{clients},BROKERS://{LOOPBACK}:{own}",
            "listener.security.protocol.map="
            "CLIENTS:PLAINTEXT,BROKERS:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name=BROKERS",
            "min.insync.replicas=2",
            "offsets.topic.num.partitions=6",  # of 50 each change of leaders takes long
            "",
        )
    )


def _databases(root: Path) -> tuple[list[Child], str]:
    children, hosts = [], []
    for name in DATABASES:
        child, uri = embedded.mongod(root / name)
        host = uri.removeprefix("mongodb://").partition("/")[0]
        children.append(replace(child, name=name, ready=partial(_is_member, host)))
        hosts.append(host)
    return children, store.uri(",".join(hosts))


async def _is_member(host: str) -> bool:
    """Whether it takes part in its set; before there is one, whether it answers."""
    if not await is_open(int(host.rpartition(":")[2])):
        return False
    try:
        told = await hello(host)
    except PyMongoError:
        return False
    return bool(told.get("isWritablePrimary") or told.get("secondary") or told.get("isreplicaset"))


async def hello(host: str) -> dict[str, Any]:
    """What a mongod says of itself. Raises PyMongoError if it does not."""
    async with AsyncMongoClient[dict[str, Any]](direct(host)) as client:
        return await client.admin.command("hello")


def direct(host: str, patience_ms: int = 1000) -> str:
    """The URI of one mongod, whatever it is in its set; who does not ask again has more patience."""
    return f"mongodb://{host}/?directConnection=true&serverSelectionTimeoutMS={patience_ms}"


async def one_set(mongo: str) -> None:
    """Make the mongods a set, and wait until it has a primary."""
    hosts = mongo.removeprefix("mongodb://").partition("/")[0].split(",")
    config = {
        "_id": store.REPLICA_SET,
        "members": [{"_id": number, "host": host} for number, host in enumerate(hosts)],
        "settings": {"electionTimeoutMillis": ELECTION_MS},
    }
    async with AsyncMongoClient[dict[str, Any]](direct(hosts[0], PATIENCE_MS)) as client:
        await client.admin.command("replSetInitiate", config)

    async def all_in() -> bool:
        try:
            told = [await hello(host) for host in hosts]
        except PyMongoError:
            return False
        primaries = [one for one in told if one.get("isWritablePrimary")]
        return len(primaries) == 1 and sum(bool(one.get("secondary")) for one in told) == 2

    await until("one primary and two secondaries", all_in)


async def _one_cluster(kafka: str) -> None:
    async def all_in() -> bool:
        client = AIOKafkaClient(bootstrap_servers=kafka, request_timeout_ms=2000)
        try:
            await client.bootstrap()
            return len(client.cluster.brokers()) == 3
        except KafkaError:
            return False
        finally:
            await client.close()

    await until("three brokers of one cluster", all_in)


def _joined(ports: tuple[int, ...]) -> str:
    return ",".join(f"{LOOPBACK}:{port}" for port in ports)
