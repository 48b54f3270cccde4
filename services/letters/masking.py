"""Shows a dead letter without personal data: names of fields and codes stay, values go."""

import json
import re

import orjson

from contracts import ids
from contracts.envelope import Headers
from contracts.masking import ENVELOPE, HIDDEN, masked
from services.letters.letter import REDRIVE_ID

SHOWN_MAX = 64 * 1024  # bytes, of what came, and of what it takes when it is indented
_OF_IDS = re.compile(r"[A-Za-z0-9._:/-]{0,200}")
_SHAPES = {
    **{f"ce_{name}": _OF_IDS for name in set(ENVELOPE) - {"data", "data_base64", "traceparent"}},
    **dict.fromkeys(("traceparent", REDRIVE_ID), _OF_IDS),
    "ce_time": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9Z:.+-]{0,30}"),
    "content-type": re.compile(r"[a-z]+/[a-z.+-]+(; ?charset=[A-Za-z0-9-]+)?"),
}
"""Of the headers of an envelope, what is shown: what has the shape of an id, a time, a type."""


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
    """Those of the envelope, of each the last, as they are if they have its shape; how many more
    there are, whose names may be anything."""
    ours = {name: _masked_header(name, value) for name, value in headers if name in _SHAPES}
    more = len(headers) - len(ours)
    return [*ours.items(), *([(f"{more} more", HIDDEN)] if more else [])]


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
    return text if _SHAPES[name].fullmatch(text) else HIDDEN
