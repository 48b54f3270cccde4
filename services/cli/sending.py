"""Sends messages to Kafka with every acknowledgement awaited, and gives up in time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka.errors import TopicAuthorizationFailedError

from contracts.envelope import Message
from services.cli.errors import NO, PARTLY, USAGE, CliError
from services.cli.reaching import CONNECT_SECONDS, asking_kafka
from services.runtime.kafka import KafkaLog
from services.runtime.settings import Settings
from services.runtime.vitals import Vitals

SEND_SECONDS = 30.0
CHUNK = 500


class Sender:
    """Sends; `sent` counts what the broker has acknowledged."""

    def __init__(self, log: KafkaLog, kafka: str) -> None:
        self._log, self._kafka, self.sent = log, kafka, 0

    async def send(self, messages: Sequence[Message]) -> None:
        """In chunks, in order. CliError (1; 3 after the first) if they are not taken in time,
        (2) if we have no right to."""
        for first in range(0, len(messages), CHUNK):
            chunk = messages[first : first + CHUNK]
            try:
                await asyncio.wait_for(self._log.publish(chunk), SEND_SECONDS)
            except TimeoutError:
                raise self._gave_up() from None
            except TopicAuthorizationFailedError:
                topics = ", ".join(sorted({one.topic for one in chunk}))
                line = f"Kafka at {self._kafka} does not let us write {topics}"
                raise CliError(f"{line}: `onboarding topics acls`", USAGE) from None
            self.sent += len(chunk)

    def _gave_up(self) -> CliError:
        line = f"Kafka at {self._kafka} did not take a message in {SEND_SECONDS:g} s"
        told = f"{line}; {self.sent} were sent before: `onboarding topics check`"
        return CliError(told, PARTLY if self.sent else NO)


@asynccontextmanager
async def sending(settings: Settings) -> AsyncIterator[Sender]:
    """A connected sender. CliError (1) if Kafka does not answer."""
    log = KafkaLog(settings, Vitals())
    try:
        async with asking_kafka(settings):
            await asyncio.wait_for(log.start(), CONNECT_SECONDS)
        yield Sender(log, settings.kafka)
    finally:
        await log.stop()
