"""How the work on a projection under construction is shared out."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saga_state.building import (
    MOST_BUCKETS,
    NOTES_AT_ONCE,
    Building,
    Progress,
    Span,
    bucket_of,
    buckets_for,
    largest_first,
    ranges,
)

A_UUID = "61edfc96-b0e2-5a51-afba-487c78331609"


@given(st.text())
def test_any_text_is_in_exactly_one_range(text: str) -> None:
    held = [low <= text and (high is None or text < high) for low, high in ranges()]
    assert held.count(True) == 1


def test_ids_are_spread_over_the_ranges() -> None:
    first = {low for low, high in ranges(4) for digit in "0123456789abcdef"
             if low <= digit * 8 and (high is None or digit * 8 < high)}  # fmt: skip
    assert len(first) == 4


@pytest.mark.parametrize(
    ("records", "buckets"),
    [(0, 1), (1, 1), (NOTES_AT_ONCE, 1), (NOTES_AT_ONCE + 1, 2), (10**9, MOST_BUCKETS)],
)
def test_a_bucket_is_what_fits_into_memory(records: int, buckets: int) -> None:
    assert buckets_for(records) == buckets


def test_a_saga_is_always_in_the_same_bucket() -> None:
    assert {bucket_of(A_UUID, 7) for _ in range(3)} == {bucket_of(A_UUID, 7)}
    assert bucket_of(A_UUID, 7) in range(7)


def test_the_largest_rest_is_taken_first_and_what_is_done_never() -> None:
    spans = [Span("a", 0, 0, 10), Span("a", 1, 5, 10), Span("b", 0, 0, 90), Span("b", 1, 0, 0)]
    assert largest_first(spans, [0, 10, 85, 0]) == [0, 2]


def test_progress_counts_records_from_where_the_log_begins() -> None:
    spans = [Span("a", 0, 100, 110), Span("a", 1, 0, 5)]
    progress = Progress(Building(1), "reading", datetime.now(UTC), spans, [104, 5], [0, 0], [])
    assert progress.events == (9, 15)


def test_no_two_rebuilds_share_a_collection_or_a_revision() -> None:
    one, other = Building(1), Building(2)
    assert not {*one.collections} & {*other.collections, "sagas", "events", "meta"}
    assert 0 < one.first_revision < other.first_revision < 2**63
    assert other.first_revision - one.first_revision >= 2**32
