"""How a step document looks in MongoDB (contracts/step_document.py says what its fields mean)."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from contracts.envelope import Context, Headers, Message, Record
from services.runtime.document import Document, Position, Refusal, Trigger

Form = dict[str, Any]


def to_form(document: Document) -> Form:
    """All fields but `_id`, `revision` and `due_at`, which the store sets. What is not there is
    None, False or empty: most documents have few of the fields that failing and undoing need."""
    context, refusal = document.context, document.refusal
    form: Form = {
        "tenant_id": context.tenant_id,
        "partner_id": context.partner_id,
        "correlation_id": context.correlation_id,
        "journey": context.journey,
        "journey_version": context.journey_version,
        "state": document.state,
        "decided_at": document.decided_at,
        "outbox": [_message_form(message) for message in document.outbox],
        "said": document.said,
        "sent": document.sent,
        "attempts": document.attempts,
    }
    rest = {
        "trigger": _trigger_form(document.trigger) if document.trigger else None,
        "refusal": {"code": refusal.code, "reason": refusal.reason} if refusal else None,
        "holds": dict(document.holds),
        "plan": [_message_form(message) for message in document.plan],
        "record": _record_form(document.record) if document.record else None,
        "blocked_for": list(document.blocked_for),
        **{name: getattr(document, name) for name in _PLAIN},
    }
    if document.result is not None:
        form["result"] = document.result
    return form | {name: value for name, value in rest.items() if value not in _NOTHING}


def from_form(form: Mapping[str, Any]) -> Document:
    """The document in a stored form."""
    trigger, refusal, record = form.get("trigger"), form.get("refusal"), form.get("record")
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
        decided_at=form["decided_at"],
        trigger=_trigger(trigger) if trigger else None,
        result=form.get("result"),
        refusal=Refusal(refusal["code"], refusal["reason"]) if refusal else None,
        holds=form.get("holds", {}),
        outbox=tuple(_message(item) for item in form["outbox"]),
        said=form["said"],
        sent=form["sent"],
        attempts=form["attempts"],
        plan=tuple(_message(item) for item in form.get("plan", ())),
        record=_record(record) if record else None,
        blocked_for=tuple(form.get("blocked_for", ())),
        revision=form["revision"],
        **{name: form[name] for name in _PLAIN if form.get(name) is not None},
    )


_NOTHING: tuple[Any, ...] = (None, False, {}, [])
_PLAIN = (
    "outer",
    "lease",
    "try_at",
    "last_answer",
    "deadline_at",
    "watch_at",
    "give_up_at",
    "undo_wanted",
    "undo_traceparent",
    "deadline_spoke",
    "resolving",
)


def _trigger_form(trigger: Trigger) -> Form:
    return {
        "event_id": trigger.event_id,
        "source": trigger.source,
        "name": trigger.name,
        "digest": trigger.digest,
        "position": _position_form(trigger.position),
        "time": trigger.time,
        "traceparent": trigger.traceparent,
    }


def _trigger(form: Mapping[str, Any]) -> Trigger:
    return Trigger(
        event_id=form["event_id"],
        source=form["source"],
        name=form["name"],
        digest=form["digest"],
        position=_position(form["position"]),
        time=form["time"],
        traceparent=form["traceparent"],
    )


def _record_form(record: Record) -> Form:
    return {
        **_position_form(Position(record.topic, record.partition, record.offset)),
        "key": _readable(record.key),
        "value": _readable(record.value),
        "headers": [[name, _readable(value)] for name, value in record.headers],
        "timestamp_ms": record.timestamp_ms,
    }


def _record(form: Mapping[str, Any]) -> Record:
    return Record(
        topic=form["topic"],
        partition=form["partition"],
        offset=form["offset"],
        key=_raw(form["key"]),
        value=_raw(form["value"]),
        headers=_headers(form["headers"]),
        timestamp_ms=form["timestamp_ms"],
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
    return Message(
        event_id=form["event_id"],
        topic=form["topic"],
        key=_raw(form["key"]),
        value=_raw(form["value"]),
        headers=_headers(form["headers"]),
    )


def _headers(stored: Sequence[tuple[str, Any]]) -> Headers:
    return tuple((name, cast(bytes, _raw(value))) for name, value in stored)  # or null


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
