"""The log on Kafka: sending, with every acknowledgement awaited."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
    UnsupportedVersionError,
)
from aiokafka.structs import RecordMetadata

from contracts.envelope import Message
from services.runtime.document import Position
from services.runtime.kafka_access import check, client_options
from services.runtime.patience import patiently
from services.runtime.settings import Settings
from services.runtime.vitals import Vitals

PERMANENT = (
    ClusterAuthorizationFailedError,
    InvalidTopicError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
    UnsupportedVersionError,
)
REQUEST_MAX_BYTES = 1_310_720  # 1.25 MiB: a dead letter is a copy of 1 MiB and its coordinates
BATCH_BYTES = 131_072  # a whole batch of ours goes in one request; at 16 KiB most of it waits
REQUEST_TIMEOUT_MS = 15_000
_NULL = object()  # aiokafka refuses a record without key and value, which other clients may send


def transient(error: BaseException) -> bool:
    """Whether trying again can help: all but what the broker will refuse for ever."""
    if isinstance(error, PERMANENT):
        return False
    return isinstance(error, KafkaError | OSError | TimeoutError)


class KafkaLog:
    """The topics of a broker (the port `Log`).

    The idempotent producer stays off: a batch that expires without a leader leaves a hole in its
    sequence (aiokafka issue 1017). Ids are deterministic, so a message sent twice is harmless.
    """

    def __init__(
        self,
        settings: Settings,
        vitals: Vitals,
        hand_over_seconds: float = REQUEST_TIMEOUT_MS / 1000,
    ) -> None:
        self._settings, self._vitals = settings, vitals
        self._hand_over_seconds = hand_over_seconds
        self._producer = AIOKafkaProducer(
            **client_options(settings),
            acks="all",
            enable_idempotence=False,
            max_batch_size=BATCH_BYTES,
            max_request_size=REQUEST_MAX_BYTES,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            value_serializer=lambda value: None if value is _NULL else value,
        )

    async def start(self) -> None:
        """Connect; waits for a broker that is away. SettingsError if one refuses us."""

        async def connect() -> None:
            await check(self._settings)
            await self._producer.start()

        await patiently("kafka", self._vitals, connect, transient)

    async def stop(self) -> None:
        await self._producer.stop()

    async def publish(self, messages: Sequence[Message]) -> Sequence[Position]:
        """Send all; return where each stands, once every one is acknowledged.

        Only what was not acknowledged is sent again.
        """
        positions: dict[int, Position] = {}

        async def send_rest() -> None:
            rest = [index for index in range(len(messages)) if index not in positions]
            results = await self._send([messages[index] for index in rest])
            failed: BaseException | None = None
            for index, result in zip(rest, results, strict=True):
                if isinstance(result, BaseException):
                    failed = result
                else:
                    positions[index] = result
            if failed is not None:
                raise failed

        if messages:
            await patiently("kafka", self._vitals, send_rest, transient)
        return [positions[index] for index in range(len(messages))]

    async def _send(self, messages: Sequence[Message]) -> Sequence[Position | BaseException]:
        """Hand over one after the other, then await all: a task for each would cost more than the
        sending itself, and all of them would wake each time that a full batch has left. Where the
        broker is away each full batch would be waited for: what is not handed over in time waits
        for the next try."""
        handed: list[asyncio.Future[RecordMetadata]] = []
        late: list[BaseException] = []
        try:
            async with asyncio.timeout(self._hand_over_seconds):
                for message in messages:
                    handed.append(await self._hand_over(message))
        except TimeoutError as error:
            late = [error] * (len(messages) - len(handed))
        sent = await asyncio.gather(*handed, return_exceptions=True)
        return [*(one if isinstance(one, BaseException) else _position(one) for one in sent), *late]

    async def _hand_over(self, message: Message) -> asyncio.Future[RecordMetadata]:
        """The acknowledgement to come; what is refused at once has failed already."""
        value = _NULL if message.value is None else message.value
        try:
            handed: asyncio.Future[RecordMetadata] = await self._producer.send(
                message.topic, value, message.key, headers=list(message.headers)
            )
        except Exception as error:
            handed = asyncio.get_running_loop().create_future()
            handed.set_exception(error)
        return handed


def _position(acknowledged: RecordMetadata) -> Position:
    return Position(acknowledged.topic, acknowledged.partition, acknowledged.offset)
