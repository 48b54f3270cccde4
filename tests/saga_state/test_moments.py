"""A saga at moments of its life: before and after each event, and what differs between two."""

import pytest
from hypothesis import given, settings
from saga_forged import forged, proper
from saga_given import NOW, Voices, at, states, told

from saga_state.moments import changes, first_event_at, moments
from saga_state.records import stored_form
from saga_state.state import as_known


@pytest.fixture
def v() -> Voices:
    return Voices()


def stored(events):
    return [stored_form(event, NOW) for event in events]


def test_each_event_has_the_saga_before_and_after_it(v: Voices) -> None:
    events = v.undone_from("documents")
    through = list(moments(told(*events), stored(events)))
    assert through[0].before is None
    for number, one in enumerate(through, 1):
        assert one.after == told(*events[:number])
    assert [one.before for one in through[1:]] == [one.after for one in through[:-1]]


def test_what_is_said_at_one_moment_is_told_one_after_the_other(v: Voices) -> None:
    """By time alone the request to undo and the failure would be one step."""
    events = v.undone_from("documents")
    statuses = [one.after and one.after["status"] for one in moments(told(*events), stored(events))]
    assert statuses == [
        "INITIATED", "PARTNER_REGISTERED", "CONTRACT_CREATED",
        "COMPENSATING", "COMPENSATING", "COMPENSATING", "COMPENSATED",
    ]  # fmt: skip


def test_an_event_that_counts_for_nothing_changes_nothing(v: Voices) -> None:
    saga, stranger = told(v.start()), Voices(number="2").start()
    (_, after) = list(moments(saga, stored([v.start(), stranger])))
    assert after.before == after.after == saga


@settings(max_examples=200)
@given(proper() | forged())
def test_told_from_all_of_its_events_it_is_the_saga_that_is_kept(events) -> None:
    saga = told(*events)
    assert as_known(saga, {one["_id"] for one in stored(events)}) == saga
    assert as_known(saga, set()) is None


def test_what_differs_is_named_field_by_field(v: Voices) -> None:
    before = told(v.start(), v.did("registration", 1))
    after = told(v.start(), v.did("registration", 1), v.did("contract", 2))
    found = {one["field"]: (one["before"], one["after"]) for one in changes(before, after)}
    assert found == {
        "status": ("PARTNER_REGISTERED", "CONTRACT_CREATED"),
        "current_step": ("contract", "documents"),
        "due_at": (at(31), at(32)),
        "contract.state": ("waiting", "done"),
        "contract.attempts": (0, 1),
        "contract.result": (None, {"number": "CT-1"}),
        "contract.completed_at": (None, at(2)),
        "documents.due_at": (None, at(32)),
    }


def test_of_a_saga_that_was_not_there_yet_only_what_was_said_differs(v: Voices) -> None:
    found = {one["field"]: one["after"] for one in changes(None, told(v.start()))}
    assert found == {"status": "INITIATED", "current_step": "registration", "initiated_at": at(0)}
    assert changes(None, None) == []


def test_the_first_event_is_the_earliest_of_all_that_are_known(v: Voices) -> None:
    saga = told(v.did("contract", 7), v.start(3), v.did("registration", 5))
    assert first_event_at(saga) == at(3)
    assert states(saga)[:2] == ["done", "done"]
