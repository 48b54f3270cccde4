"""In which fields two documents of a saga differ, in words that a person can look up."""

import pytest
from saga_given import Voices, told

from saga_state.differences import MISSING, differences_of

V = Voices()
WHOLE = V.whole_way()


def test_the_same_events_make_no_difference_whatever_the_revision() -> None:
    one, other = told(*WHOLE), told(*reversed(WHOLE))
    other["revision"] = 2**40
    assert differences_of(one, other) == {}


def test_a_saga_that_is_not_there_is_said_so() -> None:
    assert differences_of(told(*WHOLE), None) == {MISSING: ("COMPLETED", None)}
    assert differences_of(None, told(*WHOLE)) == {MISSING: (None, "COMPLETED")}
    assert differences_of(None, None) == {}


def test_fields_are_named_down_to_what_a_person_reads() -> None:
    fields = differences_of(told(*WHOLE[:2]), told(*WHOLE[:3]))
    assert {"status", "current_step", "event_count", "updated_at"} <= {*fields}
    assert {"steps.contract.state", "steps.contract.completed_at"} <= {*fields}
    assert not any(field.startswith("steps.registration.") for field in fields)
    assert fields["status"] == ("PARTNER_REGISTERED", "CONTRACT_CREATED")
    assert fields["sides"] == (None, None)


@pytest.mark.parametrize("field", ["failure", "compensation"])
def test_what_one_has_and_the_other_has_not_is_named_whole(field: str) -> None:
    undone = told(*V.undone_from("documents"))
    assert field in differences_of(told(*WHOLE), undone)


def test_within_a_failure_its_parts_are_named() -> None:
    one = told(V.start(), V.failed("registration", 1, "A"))
    other = told(V.start(), V.failed("registration", 1, "B"))
    fields = differences_of(one, other)
    assert {"failure.code", "failure.reason"} <= {*fields}
    assert "failure.step" not in fields


def test_of_another_journey_the_steps_are_named_as_one() -> None:
    creation = Voices("partner-creation").start()
    assert "steps" in differences_of(told(V.start()), told(creation))
