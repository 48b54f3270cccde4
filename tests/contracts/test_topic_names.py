"""Names of topics and groups: published, so they are frozen here."""

import pytest

from contracts.events import event_names
from contracts.topics import dead_letter_topic, event_topic, group, kebab


def test_the_topics_of_the_ten_events():
    assert [event_topic(name) for name in event_names()] == [
        "onboarding.partner-onboarding-initiated",
        "onboarding.partner-registration-completed",
        "onboarding.contract-created",
        "onboarding.documents-verified",
        "onboarding.campaigns-enabled",
        "onboarding.recruitment-setup-completed",
        "onboarding.partner-onboarding-completed",
        "onboarding.partner-onboarding-failed",
        "onboarding.compensation-requested",
        "onboarding.compensation-completed",
    ]


def test_dead_letter_topics_and_groups():
    assert dead_letter_topic("saga-state") == "onboarding.saga-state.dlq"
    assert group("contract") == "onboarding.contract"


def test_a_prefix_stands_before_all_names():
    assert event_topic("ContractCreated", "t1.") == "t1.onboarding.contract-created"
    assert dead_letter_topic("contract", "t1.") == "t1.onboarding.contract.dlq"
    assert group("contract", "t1.") == "t1.onboarding.contract"


@pytest.mark.parametrize(
    ("name", "words"), [("A", "a"), ("Ab", "ab"), ("PartnerV2Created", "partner-v2-created")]
)
def test_kebab_case(name, words):
    assert kebab(name) == words
