"""From a record to CloudEvents attributes and data, in binary or structured mode."""

import base64
import re
from collections.abc import Mapping
from typing import Any

import orjson

from contracts import poison
from contracts.envelope import Record
from contracts.poison import PoisonError

MAX_DEPTH = 64  # MongoDB stores 100 levels of nesting; ours stand around the data
_CONTENT_TYPE = "content-type"
_ATTRIBUTE = re.compile(r"(ce_)?[a-z0-9-]{1,20}")  # any other name may be anything
_STRUCTURED = "application/cloudevents"


def attributes_and_data(record: Record) -> tuple[dict[str, str], dict[str, Any]]:
    """The attributes by their names without `ce_`, and the data. Raises PoisonError.

    The content type decides on the mode, as in CloudEvents' Kafka binding (section 3); hand-made
    messages may lack it, then a `type` in the value stands in for a missing `ce_type`. Of headers
    and of JSON members that come twice the last counts.
    """
    headers = _header_attributes(record)
    body = _json_object(record.value or b"")
    structured = headers.get(_CONTENT_TYPE, "").lower().startswith(_STRUCTURED)
    if "type" in body and (structured or "type" not in headers):
        members = {name: text for name, text in body.items() if isinstance(text, str)}
        return {**headers, **members}, _structured_data(body)
    return headers, body


def _header_attributes(record: Record) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for name, value in record.headers:
        lower = name.lower()
        if lower.startswith("ce_"):
            attributes[lower[3:]] = _text(lower, value)
        elif lower in ("traceparent", _CONTENT_TYPE):
            attributes[lower] = (value or b"").decode(errors="replace")
    return attributes


def _text(header: str, value: bytes | None) -> str:
    try:
        return (value or b"").decode()
    except UnicodeDecodeError:
        named = header if _ATTRIBUTE.fullmatch(header) else "of the envelope"
        text = f"header {named} is not UTF-8"
        raise PoisonError(poison.NOT_CLOUDEVENTS, text) from None


def _structured_data(body: Mapping[str, Any]) -> dict[str, Any]:
    """`data`, or `data_base64`: some producers give the SDK bytes, which it sends so."""
    encoded = body.get("data_base64")
    if isinstance(encoded, str) and "data" not in body:
        return _json_object(_from_base64(encoded))
    data = body.get("data")
    if not isinstance(data, dict):
        raise PoisonError(poison.INVALID_DATA, "data of the structured event is no JSON object")
    return data


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise PoisonError(poison.INVALID_DATA, "data_base64 is not base64") from None


def _json_object(value: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise PoisonError(poison.INVALID_JSON, f"the value is not JSON ({where})") from None
    if not isinstance(body, dict):
        raise PoisonError(poison.INVALID_JSON, "the value is JSON, but no object")
    if value.count(b"{") + value.count(b"[") > MAX_DEPTH and _is_deeper(body, MAX_DEPTH):
        text = f"the value is nested more than {MAX_DEPTH} levels deep"
        raise PoisonError(poison.INVALID_JSON, text)
    return body


def _is_deeper(body: dict[str, Any], limit: int) -> bool:
    level: list[Any] = [body]
    for _ in range(limit):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(parent: dict[str, Any] | list[Any]) -> list[Any]:
    members = parent.values() if isinstance(parent, dict) else parent
    return [member for member in members if isinstance(member, dict | list)]
