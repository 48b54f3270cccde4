"""Apache Kafka without Docker: KRaft nodes that keep their data, run by the installed Java."""

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.local.child import Child, run
from deploy.local.errors import LocalError
from deploy.local.ports import LOOPBACK, free_ports, is_open
from deploy.local.readiness import kafka_is_ready

STOP_GRACE_SECONDS = 20.0
QUIET_CONFIG = "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn"
TIMES_IN_LOG = "-Dorg.slf4j.simpleLogger.showDateTime=true"


@dataclass(frozen=True)
class Node:
    """One broker that is also a controller, with the ports of this run."""

    id: int
    port: int
    controller_port: int


@dataclass(frozen=True)
class Runtime:
    """What runs it: the java command, the folder of jars, the environment."""

    java: str
    jars: Path
    env: Mapping[str, str]


def some_nodes(count: int = 1) -> tuple[Node, ...]:
    """Nodes 1 to `count` on free ports; ports may differ from run to run, ids may not."""
    ports = free_ports(2 * count)
    return tuple(Node(i + 1, ports[2 * i], ports[2 * i + 1]) for i in range(count))


async def brokers(
    root: Path, nodes: tuple[Node, ...], runtime: Runtime
) -> tuple[tuple[Child, ...], str]:
    """The children for a cluster kept in `root` (formatted if it is new), and its addresses."""
    cluster = _cluster_id(root)
    children = [await _broker(root, node, nodes, runtime, cluster) for node in nodes]
    return tuple(children), ",".join(f"{LOOPBACK}:{node.port}" for node in nodes)


def properties(node: Node, nodes: tuple[Node, ...], data: Path) -> str:
    """The content of its server.properties."""
    copies = min(3, len(nodes))
    voters = ",".join(f"{one.id}@{LOOPBACK}:{one.controller_port}" for one in nodes)
    listener = f"PLAINTEXT://{LOOPBACK}:{node.port}"
    return "\n".join(
        (
            "process.roles=broker,controller",
            f"node.id={node.id}",
            f"listeners={listener},CONTROLLER://{LOOPBACK}:{node.controller_port}",
            f"advertised.listeners={listener}",
            "controller.listener.names=CONTROLLER",
            f"controller.quorum.voters={voters}",
            f"log.dirs={data}",
            f"offsets.topic.replication.factor={copies}",
            f"transaction.state.log.replication.factor={copies}",
            f"transaction.state.log.min.isr={max(1, copies - 1)}",
            "group.initial.rebalance.delay.ms=0",
            # a killed broker may not return, nor lose its leaderships, before its session is over
            "broker.session.timeout.ms=5000",
            "broker.heartbeat.interval.ms=1000",
            "auto.create.topics.enable=false",
            "",
        )
    )


async def _broker(
    root: Path, node: Node, nodes: tuple[Node, ...], runtime: Runtime, cluster: str
) -> Child:
    home = root / f"node-{node.id}"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = home / "server.properties"
    settings.write_text(properties(node, nodes, home / "data"))
    if not (home / "data" / "meta.properties").exists():
        await _format(runtime, settings, cluster)
    name = "kafka" if len(nodes) == 1 else f"kafka-{node.id}"
    argv = java(runtime, TIMES_IN_LOG, QUIET_CONFIG, "kafka.Kafka", str(settings))
    ready = partial(_is_ready, node.port)
    return Child(
        name,
        argv,
        runtime.env,
        ready,
        stop_grace_seconds=STOP_GRACE_SECONDS,
    )


async def _format(runtime: Runtime, settings: Path, cluster: str) -> None:
    arguments = ("format", "--ignore-formatted", "-t", cluster, "-c", str(settings))
    code, words = await run(java(runtime, "kafka.tools.StorageTool", *arguments), runtime.env)
    if code != 0:
        raise LocalError(f"Apache Kafka's storage could not be formatted:\n{words}")


def java(runtime: Runtime, *arguments: str) -> tuple[str, ...]:
    """The command line for a class of Kafka's jars."""
    return (runtime.java, "-Xms256m", "-Xmx512m", "-cp", f"{runtime.jars}/*", *arguments)


def _cluster_id(root: Path) -> str:
    """One id for all nodes of this folder, made when it is new."""
    file = root / "cluster-id"
    if not file.exists():
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Kafka's own form of a UUID; a leading dash would read as a flag
        made = base64.urlsafe_b64encode(b"\x40" + uuid.uuid4().bytes[1:]).rstrip(b"=").decode()
        file.write_text(made)
    return file.read_text().strip()


async def _is_ready(port: int) -> bool:
    return await is_open(port) and await kafka_is_ready(f"{LOOPBACK}:{port}")
