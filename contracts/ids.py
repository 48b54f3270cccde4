"""Deterministic ids: the same fact always has the same id, so saying it twice is harmless.

Rules: docs/protocol.md, "Ids and bodies". Parts are joined as a JSON list, so that no two
different lists of parts read the same.
"""

import base64
import hashlib
import re
from uuid import UUID, uuid5

import orjson

_ROOT = UUID("6f2a6f0e-5d0b-5f0f-9a51-0d6c2c9b7a11")
_SAGA = uuid5(_ROOT, "saga")
_PARTNER = uuid5(_ROOT, "partner")
_EVENT = uuid5(_ROOT, "event")
_START = uuid5(_ROOT, "start")
_RECORD = uuid5(_ROOT, "record")
_IDENTITY = uuid5(_ROOT, "identity")


def _derive(namespace: UUID, *parts: str | int) -> str:
    """uuid5 (RFC 9562, 5.5) of the JSON text, made without decoding it in between."""
    name = namespace.bytes + orjson.dumps(parts)
    return str(UUID(bytes=hashlib.sha1(name, usedforsecurity=False).digest()[:16], version=5))


def saga_id(tenant_id: str, journey: str, source: str, event_id: str) -> str:
    """The saga that a PartnerOnboardingInitiated starts (journey name without version)."""
    return _derive(_SAGA, tenant_id, journey, source, event_id)


def partner_id(saga: str) -> str:
    """The partner of a saga whose start names none."""
    return _derive(_PARTNER, saga)


def said_id(saga: str, event_name: str, step: str) -> str:
    """The id of what a step says of itself (progress, completion, CompensationCompleted)."""
    return _derive(_EVENT, saga, event_name, step)


def failure_id(saga: str, event_name: str, failed_step: str, sayer: str) -> str:
    """The id of PartnerOnboardingFailed or CompensationRequested: two sayers, two ids."""
    return _derive(_EVENT, saga, event_name, failed_step, sayer)


def parked_id(saga: str, event_name: str, step: str, said_before: int) -> str:
    """The id of a parking: of each another, since more was said by the step each time."""
    return _derive(_EVENT, saga, event_name, step, said_before)


def start_id(tenant_id: str, journey: str, correlation_id: str) -> str:
    """The event id of a start made from a correlation id: a repeat is the same saga."""
    return _derive(_START, tenant_id, journey, correlation_id)


def dead_letter_id(topic: str, partition: int, offset: int) -> str:
    """The id of a dead letter: the coordinates of the record it copies."""
    return _derive(_RECORD, topic, partition, offset)


def identity_id(source: str, event_id: str) -> str:
    """The `_id` of an event in the projection: its CloudEvents identity (source, id)."""
    return _derive(_IDENTITY, source, event_id)


def number(prefix: str, saga: str) -> str:
    """A number a person can read, such as `CT-` and 16 base32 characters of the saga's id."""
    digest = _derive(_ROOT, prefix, saga)
    return prefix + base64.b32encode(UUID(digest).bytes[:10]).decode()


_PARTNER_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ROUTE_WORDS = frozenset({".", "..", "health", "partner-onboarding", "partner-creation"})


def is_partner_id(text: object) -> bool:
    """Whether a producer may give this as partner_id: safe in keys, URLs and file names."""
    return (
        isinstance(text, str)
        and _PARTNER_ID.fullmatch(text) is not None
        and text not in _ROUTE_WORDS
    )
