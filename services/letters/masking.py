"""Shows a dead letter without personal data: names of fields and codes stay, values go."""

import json
import re

import orjson

from contracts import ids
from contracts.envelope import Headers
from contracts.masking import HIDDEN, masked

_OURS = re.compile(r"ce_[a-z]+|dlq_[a-z_]+|content-type|traceparent")
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9._:/+; =-]{0,200}")


def masked_value(value: bytes | None) -> str:
    """JSON with its values hidden; of anything else only its size."""
    if value is None:
        return "(none)"
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return f"({len(value)} bytes that are not JSON)"
    try:
        return json.dumps(masked(found), indent=2, ensure_ascii=False)
    except RecursionError:
        return f"({len(value)} bytes of JSON, nested too deep to be shown masked)"


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
