"""Reads the body of a request as JSON that everybody reads alike, or says what is wrong with it.

Python's reader takes the last of two members of one name, NaN, and numbers of any length. Others
read the same bytes otherwise, so that what was checked would not be what is done (RFC 8259, 4).
"""

import json
import math
from collections.abc import Sequence
from typing import Any, NoReturn

from services.gateway.problems import BadRequest

MOST_DIGITS = 400  # a double has at most 309 before its point; longer ones only cost time
DEEPEST = 64
_LEAST, _MOST = -(2**63), 2**64 - 1  # what has a JSON form that all of us can write (orjson)


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body. BadRequest names what is wrong, never what stood there."""
    try:
        found = json.loads(
            body.decode(),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_no_number,
        )
    except UnicodeDecodeError:
        raise _bad("the body is not UTF-8") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _bad(f"the body is not JSON: {error.msg.lower()} at {place}") from None
    except RecursionError:
        raise _too_deep() from None
    if not isinstance(found, dict):
        raise _bad("the body must be a JSON object")
    _check(found, 1)
    return found


def _check(value: Any, depth: int) -> None:
    """Bounds the depth, and refuses halves of surrogate pairs: they have no UTF-8."""
    if depth > DEEPEST:
        raise _too_deep()
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for name, one in value.items():
            _check_text(name)
            _check(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            _check(one, depth + 1)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _bad("a text has half of a surrogate pair") from None


def _object(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        raise _bad("an object has two members of one name")
    return found


def _integer(digits: str) -> int:
    number = int(digits) if len(digits) <= MOST_DIGITS else _MOST + 1
    if not _LEAST <= number <= _MOST:
        raise _bad("a whole number has more than 64 bits; write it as text")
    return number


def _number(digits: str) -> float:
    number = float(digits) if len(digits) <= MOST_DIGITS else math.inf
    if not math.isfinite(number):
        raise _bad("a number is too large; write it as text")
    return number


def _no_number(_name: str) -> NoReturn:
    raise _bad("NaN and Infinity are no JSON")


def _too_deep() -> BadRequest:
    return _bad(f"the body is nested deeper than {DEEPEST}")


def _bad(detail: str) -> BadRequest:
    return BadRequest("INVALID_JSON", detail)
