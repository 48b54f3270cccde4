"""Asks a broker at start whether this process may do what it will have to do.

aiokafka knows no request that asks so; the fields are those of Kafka's MetadataRequest.json and
MetadataResponse.json, version 8.
"""

from collections.abc import Sequence

from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
)
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Schema, String

from services.runtime.kafka_access import connected
from services.runtime.rights import Right
from services.runtime.settings import Settings, SettingsError

BITS = {"Read": 3, "Write": 4}
TEXT = String("utf-8")
REFUSED = TopicAuthorizationFailedError.errno


class _Answer(Response):  # type: ignore[misc]
    API_KEY, API_VERSION = 3, 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", Array(("id", Int32), ("host", TEXT), ("port", Int32), ("rack", TEXT))),
        ("cluster_id", TEXT),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("name", TEXT),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("index", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline", Array(Int32)),
                    ),
                ),
                ("operations", Int32),
            ),
        ),
        ("operations", Int32),
    )


class _Asked(RequestStruct):  # type: ignore[misc]
    API_KEY, API_VERSION, RESPONSE_TYPE = 3, 8, _Answer
    SCHEMA = Schema(
        ("topics", Array(TEXT)),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_operations", Boolean),
        ("include_topic_operations", Boolean),
    )


class _Ask(Request[_Asked]):  # type: ignore[misc]
    API_KEY = 3

    def __init__(self, topics: Sequence[str]) -> None:
        self._topics = list(topics)

    def build(self, struct: type[_Asked]) -> _Asked:
        return struct(self._topics, False, False, True)


async def check_rights(settings: Settings, wanted: Sequence[Right]) -> None:
    """SettingsError, one line, names the topics and groups that we have no right to. A broker that
    is away is no matter here; nor is one in the clear, which knows nobody by name."""
    if settings.kafka_security == "PLAINTEXT" or not wanted:
        return
    for broker in settings.kafka.split(","):
        try:
            async with connected(broker, settings) as connection:
                missing = await _missing(connection, wanted)
        except (KafkaError, OSError, TimeoutError):
            continue
        if missing:
            user = settings.kafka_user or "its certificate"
            line = f"{user} may not {'; nor '.join(missing)}: `onboarding topics acls`"
            raise SettingsError(f"ONBOARDING_KAFKA_USER: {line}")
        return


async def _missing(connection: AIOKafkaConnection, wanted: Sequence[Right]) -> list[str]:
    told = [(right, await _refused(connection, right)) for right in wanted]
    return [
        f"{right.operation.lower()} {right.kind} {', '.join(names)}"
        for right, names in told
        if names
    ]


async def _refused(connection: AIOKafkaConnection, right: Right) -> list[str]:
    """Which of its names; a topic that is not there is none of them, for it is waited for."""
    if right.kind == "group":
        return [name for name in right.names if await _is_unknown_to(connection, name)]
    answer, bit = await connection.send(_Ask(right.names)), 1 << BITS[right.operation]
    return [
        name
        for code, name, _, _, operations in answer.topics
        if code == REFUSED or (code == 0 and not operations & bit)
    ]


async def _is_unknown_to(connection: AIOKafkaConnection, group: str) -> bool:
    """To whom may neither read nor describe a group its place is not told."""
    answer = await connection.send(FindCoordinatorRequest(group, 0))
    return bool(answer.error_code == GroupAuthorizationFailedError.errno)
