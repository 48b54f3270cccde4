"""W4: what a step did, that it undid it or failed, nobody says who is not to say it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_events import events_named
from made_records import source_that_says, step_event

from contracts import poison
from contracts.envelope import Event, Record
from contracts.events import EVENTS, PartnerRegistrationCompleted, Progress, events_of
from contracts.journey import PARTNER_CREATION_1, PARTNER_ONBOARDING_1, Journey, Step, journeys_of
from contracts.poison import PoisonError
from contracts.reading import Reader
from contracts.schema_files import example_record

STEPS = PARTNER_ONBOARDING_1.step_names
OWN = [(row.name, row.says) for row in PARTNER_ONBOARDING_1.steps]
OWN += [("recruitment", "PartnerOnboardingCompleted")]
FREE = ("PartnerOnboardingInitiated", "CompensationRequested")
OTHERS = ("/services/saga-state", "/producers/crm", "services/contract", "/services/contract/")
LONGER = Journey(
    "longer",
    1,
    (
        *PARTNER_ONBOARDING_1.steps[:-1],
        Step("training", "CampaignsEnabled", "TrainingScheduled", "cancel", "TRAINED"),
        Step("hiring", "TrainingScheduled", "RecruitmentSetupCompleted", "remove", "HIRED"),
    ),
)


class TrainingScheduled(Progress):
    """The event of a sixth step."""


WITH_SIXTH = Reader(
    journeys=journeys_of(PARTNER_ONBOARDING_1, LONGER),
    events=events_of(*EVENTS.values(), TrainingScheduled),
)


def poisoned(record: Record, reader: Reader | None = None) -> PoisonError:
    with pytest.raises(PoisonError) as caught:
        (reader or Reader()).read(record)
    return caught.value


def read(name: str, source: str, *journey: str, step: str = "contract") -> Event:
    return WITH_SIXTH.read(said(name, source, *journey, step=step))


def said(
    name: str, source: str, journey: str = "partner-onboarding", step: str = "contract"
) -> Record:
    """An event with a good body, said by `source` of a saga of `journey`."""
    bodies = {
        "TrainingScheduled": {"partner": {"partner_id": "p-1", "kind": "EMPRESA"}},
        "CompensationCompleted": {"step": step, "outcome": "undone"},
    }
    body = bodies.get(name) or Reader().read(example_record(name, 1)).body
    return step_event(name, body, ce_source=source, ce_journey=journey)


@pytest.mark.parametrize(("step", "name"), OWN)
def test_the_own_event_of_a_step_is_read_from_that_step_alone(step, name):
    assert read(name, f"/services/{step}").source == f"/services/{step}"
    for source in (*OTHERS, *(f"/services/{other}" for other in STEPS if other != step)):
        assert poisoned(said(name, source)).error_class == poison.WRONG_SOURCE


@pytest.mark.parametrize("step", STEPS)
def test_compensation_completed_is_read_from_the_step_that_it_names_alone(step):
    assert read("CompensationCompleted", f"/services/{step}", step=step).data.step == step
    for source in (*OTHERS, *(f"/services/{other}" for other in STEPS if other != step)):
        if source != f"/services/{step}":
            given = said("CompensationCompleted", source, step=step)
            assert poisoned(given).error_class == poison.WRONG_SOURCE


@pytest.mark.parametrize("name", FREE)
@pytest.mark.parametrize("source", [*OTHERS, "/services/documents"])
def test_a_start_and_a_request_are_read_from_any_source(name, source):
    assert read(name, source).source == source


def test_a_failure_is_read_from_the_step_that_failed_and_the_one_that_watches_it_alone():
    name = "PartnerOnboardingFailed"
    failed = Reader().read(example_record(name, 1)).body["failed_step"]
    before = STEPS[STEPS.index(failed) - 1]
    allowed = {f"/services/{failed}", f"/services/{before}"}
    for source in (*OTHERS, *(f"/services/{step}" for step in STEPS)):
        if source in allowed:
            assert read(name, source).source == source
        else:
            assert poisoned(said(name, source)).error_class == poison.WRONG_SOURCE


def test_the_completion_belongs_to_the_last_step_of_its_own_journey():
    creation = PARTNER_CREATION_1.name
    given = said("PartnerOnboardingCompleted", "/services/contract", creation)
    assert Reader().read(given).source == "/services/contract"
    other = said("PartnerOnboardingCompleted", "/services/recruitment", creation)
    assert poisoned(other).error_class == poison.WRONG_SOURCE


def test_a_sixth_step_is_the_only_one_to_say_its_event():
    assert read("TrainingScheduled", "/services/training", "longer").name == "TrainingScheduled"
    given = said("TrainingScheduled", "/services/hiring", "longer")
    assert poisoned(given, WITH_SIXTH).error_class == poison.WRONG_SOURCE


def test_the_same_event_belongs_to_the_step_that_says_it_in_the_journey_named():
    name = "RecruitmentSetupCompleted"
    for journey, step, other in (
        ("longer", "hiring", "recruitment"),
        ("partner-onboarding", "recruitment", "hiring"),
    ):
        assert read(name, f"/services/{step}", journey)
        given = said(name, f"/services/{other}", journey)
        assert poisoned(given, WITH_SIXTH).error_class == poison.WRONG_SOURCE


def test_an_event_that_no_step_of_the_journey_says_cannot_pass_under_its_name():
    """Or anybody could say it: a hearer goes by the journey that it has recorded."""
    given = said("DocumentsVerified", "/services/documents", PARTNER_CREATION_1.name)
    assert poisoned(given).error_class == poison.UNKNOWN_STEP


def test_the_text_names_the_source_that_would_do_and_not_the_one_that_came():
    error = poisoned(said("ContractCreated", "/people/ana@b.example"))
    assert str(error) == "ce_source is not /services/contract: nobody else may say it"


@settings(max_examples=50)
@given(events_named("PartnerRegistrationCompleted"), st.text(min_size=1, max_size=30))
def test_no_other_source_at_all_is_taken_for_the_step(data, source):
    if source == source_that_says(PartnerRegistrationCompleted.__name__):
        return
    given = step_event("PartnerRegistrationCompleted", data.model_dump(mode="json"))
    headers = tuple((k, source.encode() if k == "ce_source" else v) for k, v in given.headers)
    record = Record(given.topic, 0, 0, None, given.value, headers, 0)
    assert poisoned(record).error_class in (poison.WRONG_SOURCE, poison.NOT_CLOUDEVENTS)
