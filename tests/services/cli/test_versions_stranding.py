"""What would strand a saga: its version gone or changed, an event that its next step cannot read."""

import pytest

from contracts.journey import PARTNER_ONBOARDING_1
from saga_state.records import stored_form
from services.cli.versions.code import Row, this_code
from services.cli.versions.stranding import Readers, changes_of, hears
from tests.saga_state.saga_given import NOW, Voices

OURS = this_code()
ROWS = OURS.journeys["partner-onboarding", 1]
NAMES = [row.step for row in ROWS]


def other(rows=ROWS, **replaced):
    """The rows with some of them replaced; None leaves one out."""
    return [row for one in rows if (row := replaced.get(one.step, one)) is not None]


@pytest.mark.parametrize(
    ("theirs", "told"),
    [
        (ROWS, None),
        (None, "this version is gone"),
        (other(documents=None), "documents is gone"),
        ([*ROWS, Row("training", "A", "B")], "training is new"),
        (
            other(documents=Row("documents", "PartnerChecked", "DocumentsVerified")),
            "documents hears PartnerChecked, not ContractCreated",
        ),
        (
            other(contract=Row("contract", "PartnerRegistrationCompleted", "ContractSigned")),
            "contract says ContractSigned, not ContractCreated",
        ),
        (
            ROWS[::-1],
            f"the order is {', '.join(reversed(PARTNER_ONBOARDING_1.step_names))}",
        ),
    ],
)
def test_what_is_other_in_a_version_is_told_step_by_step(theirs, told):
    assert changes_of(NAMES, ROWS, theirs) == told


def test_the_steps_that_sagas_have_count_whatever_this_code_knows():
    theirs = other(documents=None)
    assert changes_of(NAMES, theirs, theirs) == "documents is gone"
    assert changes_of(NAMES, None, ROWS) is None
    assert changes_of(["a"], None, [Row("a", "X", "Y"), Row("b", "Y", "Z")]) == "b is new"


def on_its_way(step: str, status: str = "CONTRACT_CREATED"):
    return {"_id": "s", "tenant_id": "default", "current_step": step, "status": status}


def test_a_step_hears_the_event_of_its_row_or_what_asks_it_to_undo():
    assert hears(ROWS, on_its_way("documents")) == ("ContractCreated",)
    assert hears(ROWS, on_its_way("contract", "COMPENSATING")) == (
        "CompensationRequested",
        "CompensationCompleted",
    )
    assert hears((), on_its_way("documents")) == ()


def code(*, without=(), **schemas):
    """This code with other schemas of some events."""
    events = {key: schemas.get(key[0], schema) for key, schema in OURS.events.items()}
    kept = {key: schema for key, schema in events.items() if key[0] not in without}
    return type(OURS)(OURS.journeys, kept)


@pytest.fixture
def created():
    """ContractCreated, as the projection keeps it."""
    v = Voices()
    return stored_form(v.did("contract", 2), NOW)


def test_what_is_read_today_strands_nobody(created):
    assert Readers(OURS).why_not(created) is None


def test_a_version_of_an_event_that_is_not_known_there_is_not_read(created):
    told = Readers(code(without=["ContractCreated"])).why_not(created)
    assert told == "would not read ContractCreated.v1: it knows no such version"


def test_a_body_that_does_not_fit_there_is_named_by_its_place_and_not_its_value(created):
    number = {"number": {"enum": ["another"]}}
    schema = {"type": "object", "properties": {"contract": {"properties": number}}}
    readers = Readers(code(ContractCreated=schema))
    told = "would not read ContractCreated.v1 as it was said: contract.number: "
    assert readers.why_not(created).startswith(told)
    assert "CT-1" not in readers.why_not(created)


def test_a_start_is_read_whatever_stands_in_it():
    event = stored_form(Voices().start(email=7), NOW)
    assert Readers(OURS).why_not(event) is None
    assert Readers(code(without=["PartnerOnboardingInitiated"])).why_not(event) is not None


def test_a_body_that_is_kept_as_text_is_read_too(created):
    assert Readers(OURS).why_not({**created, "data": "{}"}) is not None
