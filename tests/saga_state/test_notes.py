"""What is noted of events is all that a fold needs, and a document gives it back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from saga_forged import forged, proper
from saga_given import hash_of, told

from saga_state.merging import notes_in
from saga_state.notes import note_of
from saga_state.state import fold_notes

pytestmark = pytest.mark.slow
MANY = settings(max_examples=200)


@MANY
@given(st.one_of(proper(), forged()))
def test_a_fold_of_notes_is_the_fold_of_the_events(events: list) -> None:
    assert fold_notes(None, [note_of(event, hash_of) for event in events]) == told(*events)


@MANY
@given(st.one_of(proper(), forged()))
def test_a_document_is_told_anew_from_what_it_knows(events: list) -> None:
    saga = told(*events)
    assert fold_notes(None, notes_in(saga)) == saga


@MANY
@given(st.one_of(proper(), forged()), st.integers(0, 9))
def test_what_a_document_knows_is_joined_with_later_events(events: list, cut: int) -> None:
    """A saga whose first records have left the topics goes on from what is live."""
    some = min(cut, len(events) - 1) + 1
    live, later = told(*events[:some]), [note_of(event, hash_of) for event in events[some:]]
    assert fold_notes(None, [*later, *notes_in(live)]) == told(*events)
