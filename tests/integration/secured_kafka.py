"""Apache Kafka behind TLS and passwords, with a certificate and a user made for the run."""

import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from deploy.local.apache import Node, Runtime, java, properties, some_nodes
from deploy.local.child import Child, end, run, spawn
from deploy.local.ports import LOOPBACK, is_open
from tests.integration.polling import until

USER, PASSWORD = "onboarding", "a word that nobody guesses"
CLUSTER = "QGZha2VfY2x1c3Rlcl9pZF8"


@dataclass(frozen=True)
class Secured:
    """Where it is, and the settings that it lets in."""

    address: str
    certificate: Path

    @property
    def env(self) -> dict[str, str]:
        return {
            "ONBOARDING_KAFKA": self.address,
            "ONBOARDING_KAFKA_SECURITY": "SASL_SSL",
            "ONBOARDING_KAFKA_CA_FILE": str(self.certificate),
            "ONBOARDING_KAFKA_USER": USER,
            "ONBOARDING_KAFKA_PASSWORD": PASSWORD,
            "ONBOARDING_REPLICATION": "1",
        }


def made_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key; skips without openssl."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("openssl is not installed: it makes the certificate")
    folder.mkdir(parents=True, exist_ok=True)
    names = ("-subj", "/CN=here", "-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-keyout", "key.pem", "-out", "cert.pem")
    made = (openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1")
    subprocess.run([*made, *files, *names], cwd=folder, check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


@asynccontextmanager
async def secured_kafka(folder: Path, runtime: Runtime) -> AsyncIterator[Secured]:
    """One node that listens under TLS and asks for a name and a password (SCRAM-SHA-512)."""
    certificate, key = made_certificate(folder)
    store = folder / "store.pem"
    store.write_text(key.read_text() + certificate.read_text())
    (node,) = some_nodes()
    settings = folder / "server.properties"
    text = properties(node, (node,), folder / "data")
    settings.write_text("\n".join((text, *_secured(node, store).splitlines(), "")))
    scram = f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"
    arguments = ("format", "-t", CLUSTER, "-c", str(settings), "--add-scram", scram)
    code, words = await run(java(runtime, "kafka.tools.StorageTool", *arguments), runtime.env)
    assert code == 0, words
    child = Child("kafka", java(runtime, "kafka.Kafka", str(settings)), runtime.env)
    process = await spawn(child, folder / "kafka.log")
    try:
        await until("an open port", partial(is_open, node.port), 120)
        yield Secured(f"{LOOPBACK}:{node.port}", certificate)
    finally:
        await end(process, 20)


def _secured(node: Node, store: Path) -> str:
    """What stands later in a file of properties counts. The controller stays in the clear."""
    address = f"SASL_SSL://{LOOPBACK}:{node.port}"
    login = "org.apache.kafka.common.security.scram.ScramLoginModule required"
    lines: Mapping[str, str] = {
        "listeners": f"{address},CONTROLLER://{LOOPBACK}:{node.controller_port}",
        "advertised.listeners": address,
        "inter.broker.listener.name": "SASL_SSL",
        "listener.security.protocol.map": "SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
            f'{login} username="{USER}" password="{PASSWORD}";'
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(store),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(store.with_name("cert.pem")),
    }
    return "\n".join(f"{name}={text}" for name, text in lines.items())
