"""What each process is allowed on Kafka follows from the journeys; a sixth step needs no list."""

from contracts.journey import PARTNER_ONBOARDING_1, Journey, Step, journeys_of
from contracts.participants import participants
from contracts.topics import dead_letter_topic, event_topic, group
from services.runtime.rights import Right, rights


def names(user: str, operation: str, kind: str, found: dict[str, list[Right]]) -> set[str]:
    return {
        name
        for one in found[user]
        if (one.operation, one.kind) == (operation, kind)
        for name in one.names
    }


def test_a_service_may_read_what_it_hears_and_write_what_it_says_and_its_own_dead_letters():
    found = rights(prefix="p-")
    for one in participants():
        if one.has_dead_letters:
            heard = {event_topic(name, "p-") for name in one.hears}
            said = {event_topic(name, "p-") for name in one.says}
            own = dead_letter_topic(one.name, "p-")
            assert heard <= names(one.name, "Read", "topic", found)
            assert said | {own} == names(one.name, "Write", "topic", found)
            assert names(one.name, "Read", "group", found) == {group(one.name, "p-")}


def test_a_step_may_look_at_the_step_after_it_and_at_no_other():
    found = rights()
    assert names("contract", "Describe", "group", found) == {group("documents")}
    assert names("recruitment", "Describe", "group", found) == set()
    assert "onboarding.campaigns.dlq" not in names("contract", "Read", "topic", found)
    assert "onboarding.partner-onboarding-initiated" not in names(
        "contract", "Read", "topic", found
    )


def test_a_sixth_step_has_its_rights_without_a_word_more():
    sixth = Step("billing", "RecruitmentSetupCompleted", "CampaignsEnabled", "", "BILLED")
    journey = Journey("partner-onboarding", 2, (*PARTNER_ONBOARDING_1.steps, sixth))
    found = rights(journeys_of(PARTNER_ONBOARDING_1, journey))
    assert "onboarding.recruitment-setup-completed" in names("billing", "Read", "topic", found)
    assert "onboarding.billing.dlq" in names("operator", "Read", "topic", found)
    assert names("recruitment", "Describe", "group", found) == {group("billing")}
    assert group("billing") in names("operator", "Describe", "group", found)
