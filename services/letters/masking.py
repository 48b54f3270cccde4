"""Shows a dead letter without personal data: names of fields and codes stay, values go."""

import json
import re

import orjson

from contracts import ids
from contracts.envelope import Headers
from contracts.masking import ENVELOPE, HIDDEN, masked
from services.letters.letter import REDRIVE_ID

SHOWN_MAX = 64 * 1024  # bytes, of what came, and of what it takes when it is indented
_TRACED = ("content-type", "traceparent", "tracestate", REDRIVE_ID)
_OURS = frozenset((*_TRACED, *(f"ce_{name}" for name in ENVELOPE)))
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9._:/+; =-]{0,200}")


def masked_value(value: bytes | None) -> str:
    """JSON with its values hidden, as far as a page bears it; of anything else only its size."""
    if value is None:
        return "(none)"
    if len(value) > SHOWN_MAX:
        return f"({len(value)} bytes, too many to be shown masked)"
    try:
        shown = orjson.dumps(masked(orjson.loads(value)), option=orjson.OPT_INDENT_2)
    except orjson.JSONDecodeError:
        return f"({len(value)} bytes that are not JSON)"
    except (RecursionError, orjson.JSONEncodeError):
        return f"({len(value)} bytes of JSON, nested too deep to be shown masked)"
    if len(shown) > SHOWN_MAX:
        return f"({len(value)} bytes of JSON, too many lines to be shown masked)"
    return shown.decode()


def plain_value(value: bytes | None) -> str:
    """The value as it is, JSON indented."""
    if value is None:
        return "(none)"
    try:
        return json.dumps(orjson.loads(value), indent=2, ensure_ascii=False)
    except (orjson.JSONDecodeError, RecursionError):
        return value.decode(errors="backslashreplace")


def masked_headers(headers: Headers) -> list[tuple[str, str]]:
    """Those of the envelope as they are, unless they look like an address; all others, whose names
    may be anything, are numbered."""
    return [_masked_header(n, name, value) for n, (name, value) in enumerate(headers, 1)]


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


def _masked_header(number: int, name: str, value: bytes | None) -> tuple[str, str]:
    if name not in _OURS:
        return f"{HIDDEN}{number}", HIDDEN
    text = (value or b"").decode(errors="replace")
    return name, text if _PLAIN_TEXT.fullmatch(text) else HIDDEN
