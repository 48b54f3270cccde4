"""Where the next page of a list begins, as a text that means nothing to whoever holds it."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from saga_state.queries import Place
from services.gateway.problems import BadRequest

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEAST_MS, _MOST_MS = -62_135_596_800_000, 253_402_300_799_999  # the years 1 to 9999
LONGEST = 4_000  # an id has up to 1,024 characters; what a query may have is little more


def question_of(filters: Mapping[str, Any]) -> str:
    """What tells one list from another, in a cursor."""
    return hashlib.sha256(orjson.dumps(filters)).hexdigest()[:12]


def cursor_of(place: Place, question: str) -> str:
    """The cursor behind a place. It counts for the same question only."""
    at, id_ = place
    ms = (at - _EPOCH) // timedelta(milliseconds=1)
    return base64.urlsafe_b64encode(orjson.dumps([ms, id_, question])).decode().rstrip("=")


def place_of(text: str, question: str) -> Place:
    """The place of a cursor; BadRequest for one that is not ours, or is of another list."""
    try:
        if len(text) > LONGEST:
            raise ValueError("too long")
        padded = text + "=" * (-len(text) % 4)
        ms, id_, asked = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not (type(ms) is int and _LEAST_MS <= ms <= _MOST_MS and isinstance(id_, str)):
            raise ValueError("not a place")
    except (ValueError, TypeError, binascii.Error):
        raise BadRequest("INVALID_CURSOR", "cursor: take `next` of the page before") from None
    if asked != question:
        line = "cursor: it is of a list with other filters; begin that list anew"
        raise BadRequest("INVALID_CURSOR", line)
    return _EPOCH + timedelta(milliseconds=ms), id_
