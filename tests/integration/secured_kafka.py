"""Apache Kafka behind TLS and passwords, with a certificate and a user made for the run."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.local.apache import Node, Runtime, java, properties, some_nodes
from deploy.local.child import Child, end, run, spawn
from deploy.local.ports import LOOPBACK, is_open
from tests.certificates import Certificate, made_certificate
from tests.integration.polling import until

USER, PASSWORD = "onboarding", "a word that nobody guesses"
CLUSTER = "QGZha2VfY2x1c3Rlcl9pZF8"
AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": f"User:{USER};User:ANONYMOUS",  # the controller's listener asks for no name
    "allow.everyone.if.no.acl.found": "false",
}


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


@asynccontextmanager
async def secured_kafka(
    folder: Path, runtime: Runtime, users: Sequence[str] = ()
) -> AsyncIterator[Secured]:
    """One node that listens under TLS and asks for a name and a password (SCRAM-SHA-512).

    With `users` (of the same password) all but USER may do only what they are allowed to.
    """
    certificate = made_certificate(folder)
    (node,) = some_nodes()
    settings = folder / "server.properties"
    text = properties(node, (node,), folder / "data")
    lines = {**_secured(node, certificate), **(AUTHORIZER if users else {})}
    settings.write_text(text + "".join(f"{name}={value}\n" for name, value in lines.items()))
    scram = [f"SCRAM-SHA-512=[name={name},password={PASSWORD}]" for name in (USER, *users)]
    added = [word for one in scram for word in ("--add-scram", one)]
    arguments = ("format", "-t", CLUSTER, "-c", str(settings), *added)
    code, words = await run(java(runtime, "kafka.tools.StorageTool", *arguments), runtime.env)
    assert code == 0, words
    child = Child("kafka", java(runtime, "kafka.Kafka", str(settings)), runtime.env)
    process = await spawn(child, folder / "kafka.log")
    try:
        await until("an open port", partial(is_open, node.port), 120)
        yield Secured(f"{LOOPBACK}:{node.port}", certificate.alone)
    finally:
        await end(process, 20)


def _secured(node: Node, certificate: Certificate) -> Mapping[str, str]:
    """What stands later in a file of properties counts. The controller stays in the clear."""
    address = f"SASL_SSL://{LOOPBACK}:{node.port}"
    login = "org.apache.kafka.common.security.scram.ScramLoginModule required"
    return {
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
        "ssl.keystore.location": str(certificate.with_key),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(certificate.alone),
    }
