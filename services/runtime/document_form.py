"""How a step document looks in MongoDB (contracts/step_document.py says what its fields mean)."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from contracts.envelope import Context, Message
from services.runtime.document import Document, Position, Refusal, Trigger

Form = dict[str, Any]


def to_form(document: Document) -> Form:
    """All fields that a decision sets: everything but `revision` and the marks."""
    context, trigger, refusal = document.context, document.trigger, document.refusal
    return {
        "tenant_id": context.tenant_id,
        "partner_id": context.partner_id,
        "correlation_id": context.correlation_id,
        "journey": context.journey,
        "journey_version": context.journey_version,
        "state": document.state,
        "trigger": {
            "event_id": trigger.event_id,
            "source": trigger.source,
            "name": trigger.name,
            "digest": trigger.digest,
            "position": _position_form(trigger.position),
            "time": trigger.time,
        },
        "decided_at": document.decided_at,
        "result": document.result,
        "refusal": {"code": refusal.code, "reason": refusal.reason} if refusal else None,
        "holds": dict(document.holds),
        "outbox": [_message_form(message) for message in document.outbox],
        "said": document.said,
        "attempts": document.attempts,
    }


def from_form(form: Mapping[str, Any]) -> Document:
    """The document in a stored form."""
    trigger, refusal = form["trigger"], form["refusal"]
    return Document(
        context=Context(
            saga_id=form["_id"],
            tenant_id=form["tenant_id"],
            partner_id=form["partner_id"],
            correlation_id=form["correlation_id"],
            journey=form["journey"],
            journey_version=form["journey_version"],
        ),
        state=form["state"],
        trigger=Trigger(
            event_id=trigger["event_id"],
            source=trigger["source"],
            name=trigger["name"],
            digest=trigger["digest"],
            position=_position(trigger["position"]),
            time=trigger["time"],
        ),
        decided_at=form["decided_at"],
        result=form["result"],
        refusal=Refusal(refusal["code"], refusal["reason"]) if refusal else None,
        holds=form["holds"],
        outbox=tuple(_message(item) for item in form["outbox"]),
        said=form["said"],
        attempts=form["attempts"],
        revision=form["revision"],
    )


def _position_form(position: Position) -> Form:
    return {
        "topic": position.topic,
        "partition": position.partition,
        "offset": position.offset,
    }


def _position(form: Mapping[str, Any]) -> Position:
    return Position(form["topic"], form["partition"], form["offset"])


def _message_form(message: Message) -> Form:
    return {
        "event_id": message.event_id,
        "topic": message.topic,
        "key": _readable(message.key),
        "value": _readable(message.value),
        "headers": [[name, _readable(value)] for name, value in message.headers],
    }


def _message(form: Mapping[str, Any]) -> Message:
    headers: Sequence[tuple[str, Any]] = form["headers"]
    return Message(
        event_id=form["event_id"],
        topic=form["topic"],
        key=_raw(form["key"]),
        value=_raw(form["value"]),
        headers=tuple((name, cast(bytes, _raw(value))) for name, value in headers),  # or null
    )


def _readable(raw: bytes | None) -> str | bytes | None:
    """Text where the bytes are UTF-8, so that a person can read an outbox; no byte is lost."""
    if raw is None:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _raw(stored: str | bytes | None) -> bytes | None:
    return stored.encode() if isinstance(stored, str) else stored
