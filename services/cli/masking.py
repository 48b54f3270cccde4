"""Shows a dead letter without personal data: names of fields and codes stay, values go."""

import json
import re
from typing import Any

import orjson

from contracts import ids
from contracts.envelope import Headers

HIDDEN = "***"
_PLAIN_FIELDS = frozenset(
    {
        "failed_step", "step", "code", "outcome", "state", "attempts", "where", "last_step",
        "tipo_partner", "preferred_contract_type", "kind", "type", "level", "currency", "seats",
        "answer_within_seconds", "specversion", "datacontenttype",
    }
)  # fmt: skip
_OURS = re.compile(r"ce_[a-z]+|dlq_[a-z_]+|content-type|traceparent")
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9._:/+; =-]{0,200}")
_CODE = re.compile(r"[A-Za-z0-9_.-]{0,64}")


def masked_value(value: bytes | None) -> str:
    """JSON with its values hidden; of anything else only its size."""
    if value is None:
        return "(none)"
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return f"({len(value)} bytes that are not JSON; --reveal shows them)"
    try:
        return json.dumps(masked_object(found), indent=2, ensure_ascii=False)
    except RecursionError:
        return f"({len(value)} bytes of JSON, nested too deep to be shown masked)"


def masked_object(value: Any, field: str = "") -> Any:
    """A JSON value with what may be personal hidden."""
    if isinstance(value, dict):
        return {name: masked_object(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [masked_object(one, field) for one in value]
    if value is None or isinstance(value, bool):
        return value
    return value if field in _PLAIN_FIELDS and _CODE.fullmatch(str(value)) else HIDDEN


def plain_value(value: bytes | None) -> str:
    """The value as it is, JSON indented."""
    if value is None:
        return "(none)"
    try:
        return json.dumps(orjson.loads(value), indent=2, ensure_ascii=False)
    except (orjson.JSONDecodeError, RecursionError):
        return value.decode(errors="backslashreplace")


def masked_headers(headers: Headers) -> list[tuple[str, str]]:
    """Ours as they are, unless they look like an address; of others only their names."""
    return [(name, _masked_header(name, value)) for name, value in headers]


def plain_headers(headers: Headers) -> list[tuple[str, str]]:
    """All as they are."""
    return [(name, (value or b"").decode(errors="backslashreplace")) for name, value in headers]


def plain_key(key: bytes | None) -> str:
    """The key as it is."""
    return (key or b"").decode(errors="backslashreplace")


def masked_key(key: bytes | None) -> str:
    """A partner_id as it is; producers may have any key."""
    text = (key or b"").decode(errors="replace")
    return text if not text or ids.is_partner_id(text) else HIDDEN


def _masked_header(name: str, value: bytes | None) -> str:
    text = (value or b"").decode(errors="replace")
    return text if _OURS.fullmatch(name) and _PLAIN_TEXT.fullmatch(text) else HIDDEN
