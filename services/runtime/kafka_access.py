"""How Kafka is reached: in the clear or under TLS, as nobody or with a name and a password."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import KafkaError, SaslAuthenticationFailed, UnsupportedSaslMechanismError

from services.runtime.settings import PREFIX, Settings, SettingsError

if TYPE_CHECKING:  # a command that needs no Faust should not wait for it
    from faust.auth import Credentials

KAFKA = f"{PREFIX}KAFKA"
CHECK_SECONDS = 5.0


def client_options(settings: Settings) -> dict[str, Any]:
    """What a client of aiokafka is made with, whatever it is for. SettingsError, one line."""
    options: dict[str, Any] = {"bootstrap_servers": settings.kafka, **security(settings)}
    return options


def credentials(settings: Settings) -> "Credentials | None":
    """The same for Faust; None: in the clear, as nobody."""
    from faust.auth import SASLCredentials, SSLCredentials

    told = security(settings)
    tls = told.get("ssl_context")
    if "sasl_mechanism" in told:
        return SASLCredentials(
            username=told["sasl_plain_username"],
            password=told["sasl_plain_password"],
            mechanism=told["sasl_mechanism"],
            ssl_context=tls,
        )
    return SSLCredentials(context=tls) if tls else None


async def check(settings: Settings) -> None:
    """SettingsError, one line, if a broker that answers refuses us, or is not one that we trust.

    A broker that is away is no matter here: the clients wait for it, and would wait for ever for
    one that refuses them.
    """
    for broker in settings.kafka.split(","):
        try:
            async with connected(broker, settings):
                continue
        except (SaslAuthenticationFailed, UnsupportedSaslMechanismError):
            names = f"{KAFKA}_USER, {KAFKA}_PASSWORD and {KAFKA}_SASL_MECHANISM"
            raise SettingsError(f"{names}: the broker at {broker} refuses them") from None
        except ssl.SSLCertVerificationError as error:
            line = f"the certificate of {broker} is not trusted ({error.verify_message})"
            raise SettingsError(f"{KAFKA}_CA_FILE: {line}") from None
        except (KafkaError, OSError, TimeoutError):
            continue


@asynccontextmanager
async def connected(broker: str, settings: Settings) -> AsyncIterator[AIOKafkaConnection]:
    """A connection of our own to one broker, for at most CHECK_SECONDS."""
    host, _, port = broker.strip().rpartition(":")
    async with asyncio.timeout(CHECK_SECONDS):
        connection = await create_conn(host.strip("[]"), int(port), **security(settings))
        try:
            yield connection
        finally:
            connection.close()


def security(settings: Settings) -> dict[str, Any]:
    """How a connection is made, in the words of aiokafka. SettingsError, one line."""
    protocol = settings.kafka_security
    options: dict[str, Any] = {"security_protocol": protocol}
    if protocol.endswith("SSL"):
        options["ssl_context"] = _tls(settings)
    if protocol.startswith("SASL_"):
        if not settings.kafka_user or not settings.kafka_password:
            raise SettingsError(f"{KAFKA}_USER, {KAFKA}_PASSWORD: {protocol} needs both")
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_user,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
        }
    return options


def _tls(settings: Settings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ca_file)
    except (OSError, ssl.SSLError):
        raise SettingsError(f"{KAFKA}_CA_FILE: is no file of certificates (PEM)") from None
    if settings.kafka_cert_file is not None:
        try:
            context.load_cert_chain(settings.kafka_cert_file, settings.kafka_key_file)
        except (OSError, ssl.SSLError):
            line = "are no certificate and key that belong together (PEM)"
            raise SettingsError(f"{KAFKA}_CERT_FILE, {KAFKA}_KEY_FILE: {line}") from None
    return context
