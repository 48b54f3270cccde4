"""Bodies: what every reader reads alike is taken, everything else is refused with a reason."""

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.problems import BadRequest
from services.gateway.strict_json import DEEPEST, read_object

NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)
OBJECTS = st.dictionaries(TEXTS, VALUES)
PIECES = st.sampled_from(
    [*'{}[]",:', " ", "\\", '"a"', "1", "1e999", "-", "NaN", "null", "\\ud800", "\ufeff", "\0"]
)


def refused(body: bytes) -> str:
    with pytest.raises(BadRequest) as told:
        read_object(body)
    assert told.value.codigo == "INVALID_JSON"
    return told.value.detail


@given(OBJECTS)
def test_an_object_is_read_as_it_was_written(value):
    assert read_object(json.dumps(value).encode()) == value
    assert read_object(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_read_or_refused(body: bytes):
    read_or_refused(body)


@given(st.lists(PIECES, max_size=30).map(lambda pieces: '{"a":' + "".join(pieces) + "}"))
def test_nearly_json_is_read_or_refused(body: str):
    read_or_refused(body.encode("utf-8", "surrogatepass"))


@given(OBJECTS, st.integers(0, 10_000), st.integers(0, 255))
def test_one_byte_that_was_changed_does_no_more_harm(value, place, byte):
    body = bytearray(json.dumps(value).encode())
    body[place % len(body)] = byte
    read_or_refused(bytes(body))


def read_or_refused(body: bytes) -> None:
    with suppress(BadRequest):
        found = read_object(body)
        assert isinstance(found, dict)
        json.dumps(found, allow_nan=False).encode()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"a": 1, "a": 2}', "two members of one name"),
        (b'{"a": {"b": 1, "\\u0062": 2}}', "two members of one name"),
        (b'{"a": NaN}', "NaN and Infinity"),
        (b'{"a": -Infinity}', "NaN and Infinity"),
        (b'{"a": 1e999}', "a number is too large"),
        (b'{"a": 18446744073709551616}', "more than 64 bits"),
        (b'{"a": ' + b"9" * 100_000 + b"}", "more than 64 bits"),
        (b'{"a": 1.' + b"9" * 100_000 + b"}", "a number is too large"),
        (b'{"a": "\\ud800"}', "half of a surrogate pair"),
        (b'{"\\udfff": 1}', "half of a surrogate pair"),
        (b'{"a": "\xed\xa0\x80"}', "not UTF-8"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'{"a": 1} {}', "not JSON"),
        (b"", "not JSON"),
        (b"[]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
    ],
)
def test_what_readers_read_differently_is_refused(body, why):
    assert why in refused(body)


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


def test_depth_is_bounded():
    assert read_object(nested(DEEPEST - 1))
    for depth in (DEEPEST + 1, 1_000, 100_000):
        assert refused(nested(depth)) == f"the body is nested deeper than {DEEPEST}"
    assert "nested deeper" in refused(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


@pytest.mark.parametrize("number", [-(2**63), 2**64 - 1, 0, -0.0, 1.5e300])
def test_the_largest_numbers_are_taken(number):
    found = read_object(json.dumps({"a": number}).encode())["a"]
    assert math.copysign(1, found) == math.copysign(1, number)
    assert found == number


def test_a_reason_never_tells_what_stood_there():
    for body in (b'{"a": ana@secret.example}', b'{"ana@secret.example": 1, "b" 2}'):
        assert "secret" not in refused(body)
