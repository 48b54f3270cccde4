"""Containers as the tests start them: on a network of their own, reachable from this machine alone."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docker.models.containers import Container
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.store import REPLICA_SET

IMAGE = os.environ.get("ONBOARDING_TEST_IMAGE", "localhost/onboarding")
KAFKA_IMAGE = os.environ.get("ONBOARDING_TEST_KAFKA_IMAGE", "apache/kafka:4.3.1")
MONGO_IMAGE = os.environ.get("ONBOARDING_TEST_MONGO_IMAGE", "mongo:7.0")
MONGO, KAFKA = "mongo:27017", "kafka:19092"
GRACE_SECONDS = 140  # longer than the watchdog gives a process to stop
JOB_SECONDS = 180
# What a careful cluster asks of a container, and no shell besides.
HARDENED = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "pids_limit": 200,
}
SHELLS = ("/bin/sh", "/bin/bash")


@dataclass
class Part:
    """One container; `ports` of it are reachable on loopback addresses, by a number of this machine."""

    network: Network | None
    image: str
    alias: str
    command: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[int, int | None] = field(default_factory=dict)
    volumes: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    started_at: float = 0.0
    _made: DockerContainer | None = None

    def start(self) -> "Part":
        made = DockerContainer(self.image, env=dict(self.env), command=list(self.command) or None)
        if self.network:
            made.with_network(self.network).with_network_aliases(self.alias)
        made.with_kwargs(**self.options)
        for inside, outside in self.ports.items():
            made.ports[str(inside)] = (LOOPBACK, outside) if outside else (LOOPBACK,)  # type: ignore[assignment]
        for here, there in self.volumes.items():
            made.with_volume_mapping(here, there, "rw")
        self.started_at, self._made = time.monotonic(), made
        made.start()
        return self

    @property
    def running(self) -> Container:
        assert self._made, f"{self.alias} was not started"
        return self._made.get_wrapped_container()

    def url(self, port: int) -> str:
        """Where this machine reaches it."""
        assert self._made
        return f"http://{LOOPBACK}:{self._made.get_exposed_port(port)}"

    def log(self) -> str:
        return self.running.logs().decode(errors="replace")

    def kill(self) -> None:
        """With -9, and it is gone."""
        self.running.kill("SIGKILL")
        self.remove()

    def stop(self) -> int:
        """With SIGTERM, and -9 when its grace is over; its exit code. It is still there."""
        self.running.stop(timeout=GRACE_SECONDS)
        return self.ended()

    def ended(self, seconds: float = JOB_SECONDS) -> int:
        """Wait for its end; its exit code."""
        return int(self.running.wait(timeout=seconds)["StatusCode"])

    def run(self, *command: str) -> tuple[int, str]:
        """A command in it: exit code and what it said."""
        code, out = self.running.exec_run(list(command))
        return int(code), out.decode(errors="replace")

    def remove(self) -> None:
        if self._made:
            self._made.stop()
            self._made = None


def kafka(network: Network) -> tuple[Part, str]:
    """One broker without anything kept; its address on this machine."""
    (port,) = free_ports(1)
    settings = {
        "NODE_ID": "1",
        "PROCESS_ROLES": "broker,controller",
        "LISTENERS": "INNER://:19092,OUTER://:9092,CONTROLLER://localhost:9093",
        "ADVERTISED_LISTENERS": f"INNER://{KAFKA},OUTER://{LOOPBACK}:{port}",
        "LISTENER_SECURITY_PROTOCOL_MAP": "INNER:PLAINTEXT,OUTER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "INTER_BROKER_LISTENER_NAME": "INNER",
        "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "LOG_DIRS": "/var/lib/kafka/data",
        "OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "OFFSETS_TOPIC_NUM_PARTITIONS": "4",
        "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "AUTO_CREATE_TOPICS_ENABLE": "false",
    }
    env = {f"KAFKA_{name}": value for name, value in settings.items()}
    part = Part(network, KAFKA_IMAGE, "kafka", env=env, ports={9092: port})
    return part, f"{LOOPBACK}:{port}"


def mongo(network: Network) -> tuple[Part, str]:
    """A mongod that is to become a replica set of one; how this machine reaches it."""
    (port,) = free_ports(1)
    command = ("--replSet", REPLICA_SET, "--bind_ip_all", "--quiet")
    part = Part(network, MONGO_IMAGE, "mongo", command, ports={27017: port})
    return part, f"mongodb://{LOOPBACK}:{port}/?directConnection=true"


def ours(network: Network, alias: str, *command: str, covers: Sequence[Path], **more: Any) -> Part:
    """A container of the image, hardened. `covers` are empty files, put over its shells, so that
    whatever needs one fails."""
    volumes = {str(file): shell for file, shell in zip(covers, SHELLS, strict=True)}
    volumes |= more.pop("volumes", {})
    return Part(network, IMAGE, alias, command, volumes=volumes, options=HARDENED, **more)
