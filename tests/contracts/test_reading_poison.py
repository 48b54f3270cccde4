"""What cannot be read, each with its exact error class, and error texts without values."""

import dataclasses

import pytest
from made_records import REGISTERED, TYPE, record, start, step_event, structured

from contracts import poison
from contracts.envelope import Record
from contracts.poison import PoisonError
from contracts.reading import Reader

FAILED = {"failed_step": "documents", "code": "X", "reason": "y"}
UNDONE = {"step": "documents", "outcome": "undone"}


def poisoned(given: Record, reader: Reader | None = None) -> PoisonError:
    with pytest.raises(PoisonError) as caught:
        (reader or Reader()).read(given)
    return caught.value


@pytest.mark.parametrize("value", [None, b""])
def test_a_record_without_a_value_is_poison(value):
    assert poisoned(record(value)).error_class == poison.EMPTY_VALUE


def test_a_value_over_the_limit_is_poison_and_one_at_the_limit_is_read():
    at_limit = record(b'{"a":"' + b"x" * (256 * 1024 - 8) + b'"}')
    assert Reader().read(at_limit).event_id == "e-1"
    over = record(b'{"a":"' + b"x" * 300_000 + b'"}')
    assert poisoned(over).error_class == poison.TOO_LARGE


@pytest.mark.parametrize(
    "value",
    [
        b"not json",
        b"{",
        b"\x00",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'"text"',
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b"\xef\xbb\xbf{}",
        b'{"a": "\\ud800"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a":' * 65 + b"1" + b"}" * 65,
        b'{"a":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"[" * 200_000,
    ],
)
def test_a_value_that_is_no_json_object_of_sane_depth_is_poison(value):
    assert poisoned(record(value)).error_class == poison.INVALID_JSON


@pytest.mark.parametrize("missing", ["ce_type", "ce_id", "ce_source"])
def test_a_record_without_what_makes_a_cloudevent_is_poison(missing):
    error = poisoned(start(**{missing: None}))
    assert (error.error_class, str(error)) == (poison.NOT_CLOUDEVENTS, f"{missing} is missing")


@pytest.mark.parametrize("member", ["source", "id"])
def test_a_structured_event_without_an_identity_is_poison(member):
    error = poisoned(structured("PartnerOnboardingInitiated", {}, **{member: None}))
    assert (error.error_class, str(error)) == (poison.NOT_CLOUDEVENTS, f"ce_{member} is missing")


def test_a_step_event_without_its_saga_is_poison():
    error = poisoned(step_event("PartnerRegistrationCompleted", REGISTERED, ce_sagaid=None))
    assert (error.error_class, str(error)) == (poison.NOT_CLOUDEVENTS, "ce_sagaid is missing")


@pytest.mark.parametrize(
    "name", ["ce_id", "ce_source", "ce_correlationid", "ce_causationid", "ce_type"]
)
def test_an_attribute_that_is_too_long_is_poison(name):
    assert poisoned(start(**{name: "x" * 1025})).error_class == poison.NOT_CLOUDEVENTS


@pytest.mark.parametrize("name", ["ce_id", "ce_unknownextension", "CE_TIME"])
def test_a_header_of_the_envelope_that_is_not_utf8_is_poison(name):
    error = poisoned(start(**{name: b"\xff\xfe"}))
    assert error.error_class == poison.NOT_CLOUDEVENTS
    assert str(error) == f"header {name.lower()} is not UTF-8"


@pytest.mark.parametrize(
    "time",
    [
        "",
        "yesterday",
        "2026-13-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59Z",
        "2026-01-01T23:59:60Z",
    ],
)
def test_a_time_that_cannot_be_counted_with_is_poison(time):
    assert poisoned(start(ce_time=time)).error_class == poison.NOT_CLOUDEVENTS


@pytest.mark.parametrize("timestamp_ms", [2**63 - 1, 10**15, 253_402_300_799_000])
def test_a_record_time_beyond_the_calendar_is_poison(timestamp_ms):
    assert poisoned(record(b"{}", timestamp_ms=timestamp_ms)).error_class == poison.NOT_CLOUDEVENTS


@pytest.mark.parametrize(
    "type_",
    [
        "x",
        TYPE.format("Unheard"),
        TYPE.format("PartnerOnboardingInitiated")[:-1] + "2",
        "com.hexabuilders.onboarding.PartnerOnboardingInitiated.v01",
        TYPE.format("PartnerOnboardingInitiated") + "\n",
        TYPE.format("EventData"),
    ],
)
def test_a_type_that_is_not_ours_is_poison(type_):
    assert poisoned(start(ce_type=type_)).error_class == poison.UNKNOWN_TYPE


def test_an_event_on_the_topic_of_another_is_poison():
    strayed = dataclasses.replace(start(), topic="onboarding.contract-created")
    assert poisoned(strayed).error_class == poison.WRONG_TOPIC
    assert poisoned(start(), Reader(prefix="t1.")).error_class == poison.WRONG_TOPIC


@pytest.mark.parametrize("data", [None, [], "text", 5])
def test_a_structured_event_whose_data_is_no_object_is_poison(data):
    assert (
        poisoned(structured("PartnerOnboardingInitiated", data)).error_class == poison.INVALID_DATA
    )


@pytest.mark.parametrize(
    ("encoded", "error_class"),
    [
        ("%%", poison.INVALID_DATA),
        ("é", poison.INVALID_DATA),
        ("W10=", poison.INVALID_JSON),
        ("", poison.INVALID_JSON),
    ],
)
def test_structured_base64_that_holds_no_object_is_poison(encoded, error_class):
    given = structured("PartnerOnboardingInitiated", None, data_base64=encoded)
    assert poisoned(given).error_class == error_class


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("PartnerRegistrationCompleted", {}),
        ("PartnerRegistrationCompleted", {"partner": {"partner_id": "p", "kind": "ROBOT"}}),
        ("PartnerRegistrationCompleted", {**REGISTERED, "answer_within_seconds": 0}),
        ("PartnerRegistrationCompleted", {**REGISTERED, "answer_within_seconds": "inf"}),
        ("PartnerRegistrationCompleted", {**REGISTERED, "answer_within_seconds": 1e300}),
        (
            "PartnerRegistrationCompleted",
            {**REGISTERED, "wishes": {"campaign_permissions": {"monthly_budget": "NaN"}}},
        ),
        ("ContractCreated", REGISTERED),
        ("CompensationRequested", {"code": "X", "reason": "y", "requested_by": "z"}),
        ("CompensationCompleted", {**UNDONE, "outcome": "perhaps"}),
        ("PartnerOnboardingFailed", {**FAILED, "failed_step": None}),
    ],
)
def test_data_that_does_not_fit_its_model_is_poison(name, body):
    assert poisoned(step_event(name, body)).error_class == poison.INVALID_DATA


@pytest.mark.parametrize(
    "label",
    [
        "",
        "other",
        "partner-onboarding/2",
        "partner-onboarding/0",
        "partner-onboarding/1/1",
        "partner-onboarding/" + "9" * 5000,
    ],
)
def test_a_journey_that_is_not_known_is_poison(label):
    assert poisoned(start(ce_journey=label)).error_class == poison.UNKNOWN_JOURNEY


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("PartnerOnboardingFailed", {**FAILED, "failed_step": "billing"}),
        ("CompensationRequested", {**FAILED, "failed_step": "billing", "requested_by": "z"}),
        ("CompensationCompleted", {**UNDONE, "step": "billing"}),
    ],
)
def test_a_step_that_the_journey_lacks_is_poison(name, body):
    assert poisoned(step_event(name, body)).error_class == poison.UNKNOWN_STEP


def test_a_step_of_another_journey_is_poison():
    given = step_event("CompensationCompleted", UNDONE, ce_journey="partner-creation")
    assert poisoned(given).error_class == poison.UNKNOWN_STEP


@pytest.mark.parametrize("tenant", ["", "a b", "x" * 65, "acme\n", "ñ"])
def test_a_tenant_that_is_no_name_is_poison(tenant):
    assert poisoned(start(ce_tenantid=tenant)).error_class == poison.TENANT_UNKNOWN


@pytest.mark.parametrize("tenant", [None, "other"])
def test_a_tenant_that_is_not_of_the_list_is_poison(tenant):
    reader = Reader(tenants=frozenset({"acme"}))
    assert poisoned(start(ce_tenantid=tenant), reader).error_class == poison.TENANT_UNKNOWN
