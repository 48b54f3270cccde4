"""Cursors: they come back as they went, and nothing else is taken for one."""

import base64
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.cursors import LONGEST, cursor_of, place_of
from services.gateway.problems import BadRequest

TIMES = st.integers(0, 253_402_300_799_999).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
PLACE = (datetime(2026, 3, 2, tzinfo=UTC), "saga-1")


def packed(value: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")


@given(TIMES, st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_cursor_comes_back_as_it_went(at, id_):
    assert place_of(cursor_of((at, id_), "q"), "q") == (at, id_)


def test_the_longest_id_that_an_event_may_have_has_a_cursor():
    place = (PLACE[0], "a" * 1_024)
    assert place_of(cursor_of(place, "q" * 12), "q" * 12) == place


@given(st.text(max_size=LONGEST + 20))
def test_any_text_is_a_cursor_or_refused(text):
    taken_or_refused(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text("abc"),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner),
    )
)
def test_any_value_in_its_form_is_a_cursor_or_refused(value):
    taken_or_refused(packed(value))


@given(st.integers(0, 200), st.characters())
def test_one_sign_that_was_changed_is_a_cursor_or_refused(place, sign):
    text = cursor_of(PLACE, "q")
    at = place % len(text)
    taken_or_refused(text[:at] + sign + text[at + 1 :])


def taken_or_refused(text: str) -> None:
    with suppress(BadRequest):
        at, id_ = place_of(text, "q")
        assert at.tzinfo is not None
        assert isinstance(id_, str)


@pytest.mark.parametrize(
    "wrong",
    [
        packed([True, "a", "q"]),
        packed([-(10**15), "a", "q"]),
        packed([10**15, "a", "q"]),
        packed([1, 2, "q"]),
        packed([1, {"$gt": ""}, "q"]),
        packed([1, "a"]),
        cursor_of(PLACE, "q")[:-3],
        cursor_of(PLACE, "q") + "!",
        "A" * (LONGEST + 1),
        "",
    ],
)
def test_what_is_no_cursor_of_ours_is_refused(wrong):
    with pytest.raises(BadRequest, match="take `next` of the page before") as told:
        place_of(wrong, "q")
    assert (told.value.status, told.value.codigo) == (400, "INVALID_CURSOR")


def test_a_cursor_counts_for_its_own_list_only():
    with pytest.raises(BadRequest, match="of a list with other filters"):
        place_of(cursor_of(PLACE, "q"), "another")
