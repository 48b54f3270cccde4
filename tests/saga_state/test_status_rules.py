"""The status by docs/protocol.md, "Status of a saga": a sentence per rule, with its mark."""

from dataclasses import replace

import pytest
from saga_given import Voices, states, told

JOURNEYS = pytest.mark.parametrize("journey", ["partner-onboarding", "partner-creation"])


@pytest.fixture
def v() -> Voices:
    return Voices()


def test_point_4_the_furthest_progress_names_the_status(v: Voices) -> None:
    events = v.whole_way()
    told_so_far = [told(*events[: count + 1])["status"] for count in range(len(events) - 2)]
    assert told_so_far == [
        "INITIATED",
        "PARTNER_REGISTERED",
        "CONTRACT_CREATED",
        "DOCUMENTS_VERIFIED",
        "CAMPAIGNS_ENABLED",
    ]
    assert told(v.did("documents", 3), v.start())["status"] == "DOCUMENTS_VERIFIED"


@JOURNEYS
def test_point_3_v8_the_last_progress_alone_counts_as_completion(journey: str) -> None:
    v = Voices(journey)
    saga = told(v.start(), v.did(v.steps[-1], 5))
    assert (saga["status"], saga["current_step"], saga["ended_at"]) == (
        "COMPLETED",
        None,
        v.did("contract", 5).time,
    )


@JOURNEYS
def test_point_3_v8_the_completion_alone_counts_as_the_last_progress(journey: str) -> None:
    v = Voices(journey)
    saga = told(v.start(), v.completed(5))
    assert saga["status"] == "COMPLETED"
    assert states(saga)[-1] == "done"


@JOURNEYS
def test_point_1_a_no_of_the_first_step_is_failed_for_good(journey: str) -> None:
    v = Voices(journey)
    events = [v.start(), v.failed("registration", 1)]
    assert told(*events)["status"] == "FAILED"
    events += [v.asked(None, 2), v.undid("registration", 3, "nothing_to_undo")]
    assert told(*events)["status"] == "FAILED"


def test_point_1_w2_a_timeout_of_the_first_step_is_failed_only_once_it_said_k(v: Voices) -> None:
    events = [v.start(), v.failed("registration", 1, "TIMEOUT")]
    saga = told(*events)
    assert (saga["status"], saga["current_step"]) == ("COMPENSATING", "registration")
    saga = told(*events, v.undid("registration", 4))
    assert (saga["status"], saga["current_step"]) == ("FAILED", None)
    assert saga["ended_at"] == v.undid("registration", 4).time


def test_point_1_does_not_hold_once_the_first_step_said_yes(v: Voices) -> None:
    events = [v.start(), v.failed("registration", 1), v.did("registration", 2)]
    assert told(*events)["status"] == "PARTNER_REGISTERED"


@pytest.mark.parametrize("what", ["asked", "failed", "undid"])
def test_point_2_any_request_failure_after_the_first_or_undo_is_compensating(
    v: Voices, what: str
) -> None:
    events = [v.start(), v.did("registration", 1), v.did("contract", 2)]
    assert told(*events, getattr(v, what)("contract", 3))["status"] == "COMPENSATING"


def test_point_2_a_request_by_a_person_makes_a_completed_saga_compensating(v: Voices) -> None:
    saga = told(*v.whole_way(), v.asked(None, 60))
    assert (saga["status"], saga["current_step"]) == ("COMPENSATING", "recruitment")
    assert states(saga) == ["done", "done", "done", "done", "undoing"]


@JOURNEYS
def test_point_2_compensated_once_the_first_and_all_that_ran_said_k(journey: str) -> None:
    v = Voices(journey)
    events = v.undone_from(v.steps[-1])
    assert told(*events)["status"] == "COMPENSATED"
    ks = [event for event in events if event.name == "CompensationCompleted"]
    for missing in ks:
        left = [event for event in events if event is not missing]
        assert told(*left)["status"] == "COMPENSATING", missing.body


def test_point_2_w3_the_completion_counts_as_progress_of_the_last_step(v: Voices) -> None:
    events = [v.start(), v.completed(5), v.asked(None, 6), v.undid("registration", 9)]
    assert told(*events)["status"] == "COMPENSATING"
    assert told(*events, v.undid("recruitment", 8))["status"] == "COMPENSATED"


def test_point_2_w3_a_timeout_by_its_own_word_must_be_undone(v: Voices) -> None:
    events = [v.start(), v.did("registration", 1), v.asked("contract", 5, by="contract"),
              v.failed("contract", 5, "TIMEOUT"), v.undid("registration", 7)]  # fmt: skip
    saga = told(*events)
    assert (saga["status"], saga["current_step"]) == ("COMPENSATING", "contract")
    assert told(*events, v.undid("contract", 6))["status"] == "COMPENSATED"


def test_point_2_w3_a_timeout_told_by_the_step_before_needs_no_undo(v: Voices) -> None:
    events = [v.start(), v.did("registration", 1), v.asked("contract", 5, by="registration"),
              v.failed("contract", 5, "TIMEOUT", by="registration"), v.undid("registration", 7)]  # fmt: skip
    saga = told(*events)
    assert saga["status"] == "COMPENSATED"
    assert states(saga) == ["undone", "timed_out", "waiting", "waiting", "waiting"]


def test_point_2_v8_a_saga_leaves_compensated_and_comes_back_and_shows_a_late_undo(
    v: Voices,
) -> None:
    events = [v.start(), v.did("registration", 1), v.asked("contract", 5, by="registration"),
              v.failed("contract", 5, "TIMEOUT", by="registration"), v.undid("registration", 7)]  # fmt: skip
    assert (told(*events)["status"], told(*events)["late_undo"]) == ("COMPENSATED", False)
    events.append(v.did("contract", 8))
    saga = told(*events)
    assert (saga["status"], saga["late_undo"], saga["current_step"]) == (
        "COMPENSATING",
        True,
        "contract",
    )
    assert saga["compensation"]["completed_at"] is None
    events.append(v.undid("contract", 9))
    saga = told(*events)
    assert (saga["status"], saga["late_undo"]) == ("COMPENSATED", True)
    assert saga["compensation"]["completed_at"] == saga["ended_at"] == events[-1].time


def test_point_2_without_a_start_the_saga_is_flagged_never_started(v: Voices) -> None:
    saga = told(v.asked(None, 1), v.undid("registration", 2, "nothing_to_undo"))
    assert (saga["status"], saga["never_started"]) == ("COMPENSATED", True)
    assert (saga["initiated_at"], saga["duration_ms"]) == (None, None)
    assert told(v.asked(None, 1), v.start())["never_started"] is False


def test_v6_a_step_that_the_journey_does_not_have_counts_as_no_failure_and_no_request() -> None:
    v = Voices("partner-creation")
    other = {"context": {"journey": "partner-onboarding"}}
    events = [v.start(), v.did("registration", 1), v.failed("documents", 2, **other),
              v.asked("campaigns", 2, **other), v.undid("recruitment", 3, **other)]  # fmt: skip
    saga = told(*events)
    assert (saga["status"], saga["failure"], saga["compensation"]) == (
        "PARTNER_REGISTERED",
        None,
        None,
    )


def test_v6_a_request_that_names_another_journey_counts_once_a_step_heeded_it(v: Voices) -> None:
    other = v.asked(None, 60, context={"journey": "partner-creation"})
    assert told(*v.whole_way(), other)["status"] == "COMPLETED"
    saga = told(*v.whole_way(), other, v.undid("recruitment", 61))
    assert (saga["status"], saga["compensation"]["requested_by"]) == ("COMPENSATING", "ops-1")


def test_v6_a_request_that_leaves_out_the_journey_is_for_any() -> None:
    v = Voices("partner-creation")
    events = [*v.whole_way(), replace(v.asked(None, 60), names_journey=False)]
    other = {"journey": "partner-onboarding"}
    silent = replace(v.asked(None, 60, context=other), names_journey=False)
    assert told(*events)["status"] == told(*v.whole_way(), silent)["status"] == "COMPENSATING"


def test_v5_a_request_of_a_step_tells_the_failure_until_the_failure_is_heard(v: Voices) -> None:
    events = [
        v.start(),
        v.did("registration", 1),
        v.asked("contract", 5, by="contract", code="TERMS_MISSING"),
    ]
    saga = told(*events)
    assert (saga["failure"]["step"], saga["failure"]["code"]) == ("contract", "TERMS_MISSING")
    saga = told(*events, v.failed("contract", 6, "TERMS_MISSING"))
    assert saga["failure"]["reason"] == "contract says TERMS_MISSING"


def test_v7_undoing_goes_in_reverse_and_the_current_step_says_whose_turn_it_is(v: Voices) -> None:
    events = [v.start(), *(v.did(step, n) for n, step in enumerate(v.steps[:3], 1)),
              v.asked("campaigns", 5, by="campaigns"), v.failed("campaigns", 5)]  # fmt: skip
    seen = [(told(*events)["current_step"], states(told(*events)))]
    for second, step in enumerate(("documents", "contract", "registration"), 6):
        events.append(v.undid(step, second))
        seen.append((told(*events)["current_step"], states(told(*events))))
    assert seen == [
        ("documents", ["done", "done", "undoing", "rejected", "waiting"]),
        ("contract", ["done", "undoing", "undone", "rejected", "waiting"]),
        ("registration", ["undoing", "undone", "undone", "rejected", "waiting"]),
        (None, ["undone", "undone", "undone", "rejected", "waiting"]),
    ]


def test_x4_each_outcome_of_an_undo_is_a_state_of_its_own(v: Voices) -> None:
    outcomes = ("undone", "nothing_to_undo", "resolved_by_operator")
    events = [v.undid(step, 5, outcome) for step, outcome in zip(v.steps, outcomes, strict=False)]
    assert states(told(v.start(), v.asked(None, 1), *events))[:3] == list(outcomes)
