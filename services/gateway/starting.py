"""A start: noted, published, acknowledged, marked; then its caller may be told yes.

The order is what keeps promises. Noted first, so that a repeat publishes the same bytes under the
same ids, whichever gateway it comes to, and whatever became of the first try. Published with the
acknowledgement awaited, so that what was answered 202 is in the log. Marked last: until then the
caller has heard nothing, or "unknown, ask again".
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from contracts.envelope import Context, Event, Message, Record, source_of
from contracts.journey import journey_named
from contracts.poison import TENANT_UNKNOWN, TOO_LARGE, PoisonError
from contracts.reading import digest_of_body
from contracts.starting import Asked, start_context, start_message
from saga_state.facts import identity_of
from services.gateway.ground import Ground
from services.gateway.notes import KEPT, Note, message_in, published_form, saga_after
from services.gateway.problems import (
    Conflict,
    NotAllowed,
    Problem,
    TooLarge,
    Unavailable,
    Unprocessable,
)
from services.runtime.document import Position
from services.runtime.kafka import transient as kafka_is_away
from services.runtime.mongo import transient as mongo_is_away

SOURCE = source_of("gateway")


@dataclass(frozen=True, slots=True)
class Order:
    """What a caller asks for. With neither id each order is a saga of its own."""

    partner_data: Mapping[str, Any]
    journey: str
    tenant_id: str
    correlation_id: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """The ids of a saga that was started, by this order or by an equal one before."""

    saga_id: str
    partner_id: str
    correlation_id: str


@dataclass(frozen=True, slots=True)
class _Made:
    message: Message
    context: Context
    event: Event


async def begin(on: Ground, order: Order) -> Begun:
    """Returns when the broker has acknowledged the start. Conflict, Unprocessable if the id was
    used with another body; Unavailable if it is not known what became of it."""
    made = _made(on, order)
    correlation_id = made.context.correlation_id
    try:
        async with asyncio.timeout(on.settings.gateway_answer_seconds):
            return await _begin(on, order, made)
    except Exception as error:
        if not may_have_happened(error):
            raise
        line = (
            "Kafka or MongoDB did not answer in time, so the start may have been taken or not; "
            f"to repeat it with this {_repeated_by(order)} is safe"
        )
        more = {"correlation_id": correlation_id}
        raise Unavailable(line, **more) from None


def may_have_happened(error: Exception) -> bool:
    """Whether a server went away in the middle: what was asked of it was done, or was not."""
    return isinstance(error, TimeoutError) or mongo_is_away(error) or kafka_is_away(error)


async def _begin(on: Ground, order: Order, made: _Made) -> Begun:
    if order.correlation_id is not None:
        await _check_seen(on, made)
    note = _note(on, order, made)
    there = await on.starts.note(note)
    if there is not None:
        return await _again(on, order, note, there)
    await _publish(on, note["_id"], made.message)
    return _begun(note)


async def _again(on: Ground, order: Order, note: Note, there: Note) -> Begun:
    """Of a repeat: the same answer, once it is sure that its start is in the log."""
    by_key = order.correlation_id is None
    if there["digest"] != note["digest"]:
        raise _other_body(by_key, there["_id"])
    if not there["sent"]:
        if by_key and _is_running(on, there):
            raise _still_running()
        if by_key and not await on.starts.take_over(there, on.now()):
            raise _still_running()
        await _publish(on, there["_id"], message_in(there["message"]))
    return _begun(there)


async def _publish(on: Ground, saga_id: str, message: Message) -> None:
    (position,) = await on.log.publish([message])
    await on.starts.sent(saga_id, _after(on, message, position))


def _after(on: Ground, message: Message, position: Position) -> dict[str, Any]:
    return saga_after(message, position, on.now(), on.reader, on.hash_of)


async def _check_seen(on: Ground, made: _Made) -> None:
    """A correlation id counts for longer than its note is kept: the projection knows its start."""
    seen = await on.sagas.digest_of_event(identity_of(SOURCE, made.event.event_id))
    if seen is not None and seen != made.event.digest:
        raise _other_body(False, made.context.saga_id)


def _is_running(on: Ground, note: Note) -> bool:
    limit = timedelta(seconds=on.settings.gateway_answer_seconds)
    return on.now() < note["noted_at"] + limit


def _made(on: Ground, order: Order) -> _Made:
    """The message, checked as a step would: what it would set aside is not sent."""
    journey = journey_named(order.journey, on.settings.journey_version)
    if journey is None:
        raise ValueError(f"no journey is named {order.journey}")
    correlation_id = order.correlation_id or str(uuid4())
    asked = Asked(order.partner_data, SOURCE, journey, "", order.tenant_id, correlation_id)
    message = start_message(asked, on.now(), on.settings.prefix)
    record = Record(message.topic, 0, 0, message.key, message.value, message.headers, 0)
    try:
        event = on.reader.read(record)
    except PoisonError as error:
        raise _poison(error) from None
    return _Made(message, start_context(asked), event)


def _note(on: Ground, order: Order, made: _Made) -> Note:
    now, context = on.now(), made.context
    note: Note = {
        "_id": context.saga_id,
        "tenant_id": context.tenant_id,
        "partner_id": context.partner_id,
        "correlation_id": context.correlation_id,
        "digest": digest_of_body({"journey": order.journey, "data": order.partner_data}),
        "sent": False,
        "message": published_form(made.message),
        "noted_at": now,
        "expires_at": now + KEPT,
    }
    if order.correlation_id is None and order.idempotency_key is not None:
        note["idempotency_key"] = order.idempotency_key
    return note


def _begun(note: Note) -> Begun:
    return Begun(note["_id"], note["partner_id"], note["correlation_id"])


def _repeated_by(order: Order) -> str:
    by_key = order.correlation_id is None and order.idempotency_key is not None
    return "Idempotency-Key" if by_key else "correlation_id"


def _still_running() -> Problem:
    line = "a request with this Idempotency-Key is still running; ask again"
    return Conflict("STILL_RUNNING", line, headers={"Retry-After": "1"})


def _other_body(by_key: bool, saga_id: str) -> Problem:
    if by_key:
        line = "this Idempotency-Key was sent with another body before: use a new one"
        return Unprocessable("KEY_REUSED", line)
    line = "this correlation_id was sent with another body before: use a new one"
    return Conflict("CORRELATION_ID_REUSED", line, saga_id=saga_id)


def _poison(error: PoisonError) -> Problem:
    if error.error_class == TOO_LARGE:
        return TooLarge("TOO_LARGE", f"partner_data: {error}")
    if error.error_class == TENANT_UNKNOWN:
        return NotAllowed("TENANT_UNKNOWN", "the tenant of this key is not one that is served")
    return Unprocessable(error.error_class, f"partner_data: {error}")
