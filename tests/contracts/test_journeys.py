"""The journeys: neighbours, and that their rows fit each other and the events."""

import pytest

from contracts.events import EVENTS, Progress, event_names
from contracts.journey import COMPLETED, JOURNEYS, PARTNER_CREATION_1, PARTNER_ONBOARDING_1, rows_of

ALL = list(JOURNEYS.values())
STEPS = ("registration", "contract", "documents", "campaigns", "recruitment")


def test_the_steps_of_the_two_journeys():
    assert PARTNER_ONBOARDING_1.step_names == STEPS
    assert PARTNER_CREATION_1.step_names == STEPS[:2]
    assert set(JOURNEYS) == {("partner-onboarding", 1), ("partner-creation", 1)}


def test_a_step_knows_its_neighbours():
    journey = PARTNER_ONBOARDING_1
    assert (journey.first.name, journey.last.name) == ("registration", "recruitment")
    assert journey.before("registration") is None
    assert journey.after("recruitment") is None
    assert [journey.before(name).name for name in STEPS[1:]] == list(STEPS[:-1])
    assert [journey.after(name).name for name in STEPS[:-1]] == list(STEPS[1:])


def test_a_step_that_has_no_part_has_no_row_and_no_neighbours():
    assert PARTNER_CREATION_1.step("documents") is None
    with pytest.raises(ValueError, match="not in tuple"):
        PARTNER_CREATION_1.before("documents")


def test_rows_of_a_step_stand_in_each_journey_with_a_part_for_it():
    assert [journey.label for journey, _ in rows_of("contract", ALL)] == [
        "partner-onboarding/1",
        "partner-creation/1",
    ]
    assert [journey.label for journey, _ in rows_of("documents", ALL)] == ["partner-onboarding/1"]


@pytest.mark.parametrize("journey", ALL, ids=lambda journey: journey.label)
def test_each_step_hears_what_the_step_before_it_says(journey):
    heard = [step.hears for step in journey.steps]
    assert heard == ["PartnerOnboardingInitiated", *(step.says for step in journey.steps[:-1])]


@pytest.mark.parametrize("journey", ALL, ids=lambda journey: journey.label)
def test_what_the_rows_say_are_progress_events_and_each_only_once(journey):
    said = [step.says for step in journey.steps]
    assert len(set(said)) == len(set(journey.step_names)) == len(said)
    assert all(issubclass(EVENTS[name, 1], Progress) for name in said)
    assert {COMPLETED, *(step.hears for step in journey.steps)} <= set(event_names())


@pytest.mark.parametrize("journey", ALL, ids=lambda journey: journey.label)
def test_each_step_has_a_status_an_undo_and_time(journey):
    statuses = [step.status for step in journey.steps]
    assert len(set(statuses)) == len(statuses)
    assert all(step.undo and step.timeout_seconds > 0 for step in journey.steps)
