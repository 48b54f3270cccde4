"""The text of a PoisonError says what is wrong and where, and repeats no value of the data."""

import orjson
import pytest
from made_records import PARTNER_DATA, REGISTERED, record, start, step_event, structured

from contracts.envelope import Record
from contracts.poison import PoisonError
from contracts.reading import Reader

SECRET = "ana.secret@techsolutions.com"


def poisoned(given: Record) -> PoisonError:
    with pytest.raises(PoisonError) as caught:
        Reader().read(given)
    return caught.value


@pytest.mark.parametrize(
    "given",
    [
        record(orjson.dumps({"email": SECRET}) + b"}"),
        step_event(
            "PartnerRegistrationCompleted",
            {
                "partner": {"partner_id": 5, "kind": SECRET},
                "wishes": {
                    "campaign_permissions": {"channels": SECRET, SECRET: 1},
                    "documents": [{"type": SECRET}],
                },
            },
        ),
        step_event("CompensationCompleted", {"step": SECRET, "outcome": "undone"}),
        structured("PartnerOnboardingInitiated", SECRET),
        start(ce_time=SECRET),
        start(ce_tenantid=SECRET * 9),
    ],
)
def test_the_error_text_repeats_no_value(given):
    error = poisoned(given)
    assert "secret" not in str(error)
    assert error.__cause__ is None


def test_the_error_text_says_which_fields_are_wrong_and_how_many_more():
    documents = [{"number": "1"}] * 10
    error = poisoned(
        step_event(
            "PartnerRegistrationCompleted", {**REGISTERED, "wishes": {"documents": documents}}
        )
    )
    assert str(error).startswith(
        "wishes.documents.0.type: missing; wishes.documents.1.type: missing"
    )
    assert str(error).endswith("; and 5 more")


def test_partner_data_with_secrets_is_read_and_never_in_an_error():
    assert Reader().read(start({**PARTNER_DATA, "email": SECRET})).event_id == "e-1"
