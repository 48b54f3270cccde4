"""No orphans: each event has one topic, somebody who says it and somebody who hears it."""

import dataclasses

import pytest

from contracts.events import event_names
from contracts.journey import JOURNEYS, PARTNER_CREATION_1
from contracts.participants import participants
from contracts.topics import event_topic

BY_NAME = {part.name: part for part in participants()}


def orphans(parts, names):
    said = {event for part in parts for event in part.says}
    heard = {event for part in parts for event in part.hears if part.name != "saga-state"}
    return set(names) ^ (said & heard)


def test_the_participants_are_the_producer_the_steps_and_the_projection():
    steps = dict.fromkeys(name for journey in JOURNEYS.values() for name in journey.step_names)
    assert list(BY_NAME) == ["producer", *steps, "saga-state"]


def test_every_event_is_said_and_heard_by_somebody_besides_the_projection():
    assert orphans(participants(), event_names()) == set()


def test_an_event_that_nobody_says_or_hears_is_found():
    assert orphans(participants(), [*event_names(), "Unheard"]) == {"Unheard"}
    without = [part for part in participants() if part.name != "campaigns"]
    assert "CampaignsEnabled" in orphans(without, event_names())


def test_every_event_has_a_topic_of_its_own():
    topics = [event_topic(name) for name in event_names()]
    assert len(set(topics)) == len(topics)


def test_the_projection_hears_everything_and_says_nothing():
    assert set(BY_NAME["saga-state"].hears) == set(event_names())
    assert BY_NAME["saga-state"].says == ()


def test_what_the_contract_step_says_and_hears():
    assert BY_NAME["contract"].hears == (
        "PartnerRegistrationCompleted",
        "DocumentsVerified",
        "CompensationRequested",
        "CompensationCompleted",
    )
    assert BY_NAME["contract"].says == (
        "ContractCreated",
        "PartnerOnboardingCompleted",
        "PartnerOnboardingFailed",
        "CompensationRequested",
        "CompensationCompleted",
    )


@pytest.mark.parametrize("name", ["registration", "documents", "campaigns"])
def test_a_step_that_is_last_in_no_journey_does_not_say_completion(name):
    assert "PartnerOnboardingCompleted" not in BY_NAME[name].says


def test_a_step_added_to_a_journey_is_a_participant():
    row = dataclasses.replace(
        PARTNER_CREATION_1.last, name="audit", hears="ContractCreated", says="DocumentsVerified"
    )
    longer = dataclasses.replace(PARTNER_CREATION_1, steps=(*PARTNER_CREATION_1.steps, row))
    assert "audit" in {part.name for part in participants([longer])}
