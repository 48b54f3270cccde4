"""What is taken of a saga into a test: who said what, what outside systems did, and no names."""

import json

import pytest
from captured_given import EXPIRED, PERSONAL, T0, forms, happened

from saga_state.event_words import in_time
from saga_state.records import stored_form
from services.cli.capture.captured import PERSON
from services.cli.capture.recording import after_their_causes, captured
from services.cli.errors import CliError
from services.cli.replaced_values import Replacing
from services.steps import all_steps
from tests.saga_state.saga_given import NOW, Voices, told

HOW = Replacing(b"k")


@pytest.fixture(scope="module")
def undone():
    return happened(documents=EXPIRED)


def events_of(stage):
    return in_time(stored_form(event, T0) for event in stage.events())


def made(saga, events, documents=None, how=HOW, **rules):
    return captured(saga, events, documents or {}, all_steps(), rules, how)


def test_an_act_per_event_but_the_start_with_what_was_decided(undone):
    found = made(undone.saga(), events_of(undone), forms(undone))
    assert [str(act) for act in found.acts] == [
        "registration says PartnerRegistrationCompleted",
        "contract says ContractCreated",
        "documents says PartnerOnboardingFailed documents DOCUMENT_EXPIRED",
        "documents says CompensationRequested documents DOCUMENT_EXPIRED",
        "contract says CompensationCompleted contract undone",
        "registration says CompensationCompleted registration undone",
    ]
    assert (found.outer, found.dead, found.silent, found.taken) == ((), (), (), False)
    assert found.seconds == {}


def test_nothing_personal_is_taken_unless_it_is_to_stay(undone):
    text = str(made(undone.saga(), events_of(undone)))
    assert not any(word in text for word in PERSONAL)
    assert "Ana Secreta" in str(made(undone.saga(), events_of(undone), how=None))


def test_a_person_is_somebody_and_what_was_asked_is_sent_again():
    v = Voices()
    events = [*v.whole_way(), v.asked(None, 60, by="eva"), v.redriven("contract", 61, by="eva")]
    found = made(told(*events), [stored_form(event, NOW) for event in events])
    asked, wished = found.acts[-2:]
    assert (asked.by, wished.by, wished.step) == (PERSON, PERSON, "contract")
    assert asked.data["failed_step"] is None
    assert "eva" not in str(found)


def test_a_start_that_no_object_of_the_database_can_hold_is_read_from_its_text(undone):
    events = [
        {**one, "data": json.dumps(one["data"])} if one["type"].endswith("Initiated") else one
        for one in events_of(undone)
    ]
    found = made(undone.saga(), events)
    assert found.start["partner_data"]["tipo_partner"] == "INDIVIDUAL"


def test_who_was_silent_and_who_called_an_outside_system_is_told():
    v = Voices()
    events = [
        v.start(),
        v.did("registration", 1),
        v.failed("contract", 36, "TIMEOUT", by="registration"),
    ]
    found = made(
        told(*events), [stored_form(e, NOW) for e in events], {"contract": {"outer": True}}
    )
    assert (found.dead, found.silent, found.outer) == (
        ("contract",),
        ("registration",),
        ("contract",),
    )


def test_a_time_to_answer_that_was_not_the_usual_is_taken_along():
    v = Voices()
    events = [v.start(), v.did("registration", 1, answer=600), v.did("contract", 2)]
    found = made(told(*events), [stored_form(event, NOW) for event in events])
    assert found.seconds == {"contract": 600}


def test_rules_that_are_not_the_defaults_are_taken_along(undone):
    rules = {"contract": {"currency": "EUR"}, "documents": {}}
    assert made(undone.saga(), events_of(undone), **rules).rules == {
        "contract": {"currency": "EUR"}
    }


def test_no_event_comes_before_the_one_it_answers_though_clocks_differ(undone):
    events = events_of(undone)
    shuffled = [events[2], events[5], events[1], events[0], *events[3:5], events[6]]
    ordered = [one["event_id"] for one in after_their_causes(shuffled)]
    for one in events:
        if one["causation_id"] in ordered:
            assert ordered.index(one["causation_id"]) < ordered.index(one["event_id"])
    assert after_their_causes(events) == events


def test_what_has_no_start_or_an_unknown_journey_cannot_be_captured():
    v = Voices()
    events = [v.did("registration", 1)]
    with pytest.raises(CliError, match="cannot be played again: its start was not seen"):
        made(told(*events), [stored_form(event, NOW) for event in events])
    events = v.whole_way()
    with pytest.raises(CliError, match="its journey is not known here"):
        captured(told(*events), [stored_form(e, NOW) for e in events], {}, [], {}, HOW, {})
