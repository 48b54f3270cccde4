"""JSON answers: times in RFC 3339 with a Z, whatever else there is as text."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Response

JSON = "application/json"


def reply(value: Any, headers: Mapping[str, str] | None = None) -> Response:
    """200 with that value."""
    return Response(json_bytes(value), media_type=JSON, headers=headers)


def json_bytes(value: Any) -> bytes:
    """As all answers have it."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z)


def _plain(value: Any) -> Any:
    """Of bytes that are no text, as keys of producers can be."""
    return value.hex() if isinstance(value, bytes) else str(value)
