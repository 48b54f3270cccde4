"""Reaches the servers for a command: one that is away is told in time, not waited for."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.client import AIOKafkaClient

from services.cli.errors import CliError
from services.cli.running_stack import other_stack
from services.runtime.kafka import transient as kafka_is_away
from services.runtime.kafka_access import check, client_options
from services.runtime.mongo import Client, connect, refused, transient
from services.runtime.settings import Settings, SettingsError

ANSWER_SECONDS = 5.0
CONNECT_SECONDS = 10.0
_OWN_LIMIT = re.compile(r"[?&]serverSelectionTimeoutMS=([0-9]{1,9})(?:&|$)", re.IGNORECASE)


@asynccontextmanager
async def mongo_at(uri: str) -> AsyncIterator[Client]:
    """A client whose server has answered once; TimeoutError if none did in `answer_seconds`,
    SettingsError if it refuses us, then or later."""
    seconds = answer_seconds(uri)
    client = connect(uri, seconds)
    try:
        # the driver ends its wait first: it knows why
        await asyncio.wait_for(client.admin.command("ping"), seconds + 1)
        yield client
    except Exception as error:
        if (line := refused(error)) is not None:
            raise SettingsError(line) from None
        raise
    finally:
        await client.close()


def answer_seconds(uri: str) -> float:
    """How long a first answer may take: `serverSelectionTimeoutMS` of the address, at most 5 s."""
    told = _OWN_LIMIT.search(uri)
    return min(ANSWER_SECONDS, int(told[1]) / 1000) if told else ANSWER_SECONDS


def mongo_is_away(error: BaseException) -> bool:
    """Whether it is the server that is away, and not we that are wrong."""
    return isinstance(error, TimeoutError) or transient(error)


async def ask_kafka(settings: Settings, seconds: float) -> None:
    """One try: a command tells at once what a service would wait for. KafkaError, TimeoutError;
    SettingsError if we are refused."""
    await check(settings)
    options = client_options(settings)
    client = AIOKafkaClient(**options, request_timeout_ms=int(seconds * 1000))
    try:
        await asyncio.wait_for(client.bootstrap(), seconds)
    finally:
        await client.close()


@asynccontextmanager
async def asking_kafka(settings: Settings) -> AsyncIterator[None]:
    """Whatever is asked of Kafka in the block: CliError (1) if it does not answer."""
    try:
        await ask_kafka(settings, CONNECT_SECONDS)
        yield
    except Exception as error:
        if not kafka_is_away(error):
            raise
        line = f"Kafka at {settings.kafka} does not answer: `onboarding doctor` may know why"
        raise CliError(f"{line}{other_stack('kafka')}") from None
