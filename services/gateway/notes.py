"""The note of a start: what is kept from before it is published until the projection shows it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NotRequired, TypedDict

from contracts.envelope import Message, Record
from contracts.reading import Reader
from saga_state.facts import HashOf
from saga_state.shown import saga_json
from saga_state.state import evolve
from services.runtime.document import Position

KEPT = timedelta(hours=24)


class Published(TypedDict):
    """A message as MongoDB keeps it."""

    event_id: str
    topic: str
    key: bytes
    value: bytes
    headers: list[list[Any]]


class Note(TypedDict):
    """A document of `onboarding_gateway.starts`; `_id` is the saga's id.

    `digest` tells its body from another's. `message` is there until `sent`, `saga` from then on:
    the saga as it stood after its start. `idempotency_key`: if one stood in for a correlation id.
    """

    _id: str
    tenant_id: str
    partner_id: str
    correlation_id: str
    idempotency_key: NotRequired[str]
    digest: str
    sent: bool
    message: NotRequired[Published]
    saga: NotRequired[Mapping[str, Any]]
    noted_at: datetime
    expires_at: datetime


def published_form(message: Message) -> Published:
    """A message to be kept."""
    return {
        "event_id": message.event_id,
        "topic": message.topic,
        "key": message.key or b"",
        "value": message.value or b"",
        "headers": [[name, value] for name, value in message.headers],
    }


def message_in(form: Published) -> Message:
    """A message as it was kept: one id never has two bodies, whoever publishes it in the end."""
    headers = tuple((name, bytes(value)) for name, value in form["headers"])
    value, key = bytes(form["value"]), bytes(form["key"])
    return Message(form["event_id"], form["topic"], key, value, headers)


def saga_after(
    message: Message, position: Position, now: datetime, reader: Reader, hash_of: HashOf
) -> dict[str, Any]:
    """The saga as the projection will show it when it has seen this start, and nothing else."""
    record = Record(
        message.topic,
        position.partition,
        position.offset,
        message.key,
        message.value,
        message.headers,
        int(now.timestamp() * 1000),
    )
    return saga_json(evolve(None, reader.read(record), hash_of))
