"""Where the next page of a list begins, as a text that means nothing to whoever holds it."""

import base64
import binascii
from datetime import UTC, datetime, timedelta

import orjson

from saga_state.queries import Place
from services.gateway.problems import BadRequest

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_MS = 253_402_300_799_999  # the last moment of the year 9999
LONGEST = 512


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
        if not (type(ms) is int and 0 <= ms <= _MOST_MS and isinstance(id_, str)):
            raise ValueError("not a place")
    except (ValueError, TypeError, binascii.Error):
        raise BadRequest("INVALID_CURSOR", "cursor: take `next` of the page before") from None
    if asked != question:
        line = "cursor: it is of a list with other filters; begin that list anew"
        raise BadRequest("INVALID_CURSOR", line)
    return _EPOCH + timedelta(milliseconds=ms), id_
