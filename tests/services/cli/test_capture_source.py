"""The source of a captured test says exactly what was captured, whatever stood in it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.capture.captured import Act, Captured
from services.cli.capture.playing import Played
from services.cli.capture.source import as_expected, as_recorded

NOW = datetime(2026, 3, 2, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip
OBJECT = st.dictionaries(st.text(), JSON, max_size=4)
ACT = st.builds(
    Act,
    st.floats(0, 99),
    st.sampled_from(("contract", "a person")),
    st.just("CompensationRequested"),
    detail=st.none() | st.text(),
    words=st.text(),
    data=st.none() | OBJECT,
    names_journey=st.booleans(),
)
CAPTURED = st.builds(
    Captured,
    st.just(("partner-onboarding", 1)),
    st.just("2026-03-01T09:30:00.000000Z"),
    OBJECT,
    st.lists(ACT, max_size=3).map(tuple),
    outer=st.lists(st.text(), max_size=2).map(tuple),
    taken=st.booleans(),
    rules=st.dictionaries(st.text(), OBJECT, max_size=2),
)


def recorded(saga: dict) -> Played:
    return Played(saga, None)


SAGA = recorded(
    {
        "_id": "s-1",
        "status": "COMPENSATED",
        "failure": {"step": "documents", "code": "DOCUMENT_EXPIRED"},
        "steps": [{"step": "registration", "state": "undone"}],
    }
)


@given(CAPTURED)
def test_what_it_says_is_what_was_captured(captured):
    for source in (as_recorded(captured, SAGA, NOW), as_expected(captured, SAGA, NOW, "COMPLETED")):
        names: dict = {}
        exec(compile(source, "test_captured.py", "exec"), names)
        assert names["CAPTURED"] == captured


@pytest.mark.parametrize("hostile", ['"""+str(ran())+"""', "\\", '"', "\n\nran()\n", "{ran()}"])
def test_nothing_that_anybody_said_of_the_saga_runs_when_the_test_is_read(hostile):
    """A code and an id may be of whoever asked for an undo."""
    captured = Captured(("partner-onboarding", 1), "2026-03-01T09:30:00Z", {}, ())
    failure = {"step": hostile, "code": hostile}
    odd = recorded({**SAGA.saga, "_id": hostile, "failure": failure})
    ran: list[int] = []
    for source in (as_recorded(captured, odd, NOW), as_expected(captured, odd, NOW, "COMPLETED")):
        exec(compile(source, "test_captured.py", "exec"), {"ran": lambda: ran.append(1)})
    assert ran == []


def test_it_says_which_saga_it_was_and_how_it_ended_or_is_to_end():
    captured = Captured(("partner-onboarding", 1), "2026-03-01T09:30:00Z", {}, ())
    went, ends = as_recorded(captured, SAGA, NOW), as_expected(captured, SAGA, NOW, "COMPLETED")
    assert went.startswith('"""Saga s-1, as it was recorded.\n\nIt ended COMPENSATED, documents: ')
    assert 'ENDING = ("COMPENSATED", "documents: DOCUMENT_EXPIRED")' in went
    assert 'STEPS = {"registration": "undone"}' in went
    assert "def test_it_ends_completed():" in ends
    assert 'assert again.status == "COMPLETED"' in ends
