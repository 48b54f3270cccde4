"""Reading what real and hand-made producers send, in both modes."""

import base64
from datetime import UTC, datetime

import orjson
import pytest
from made_records import PARTNER_DATA, REGISTERED, record, start, step_event, structured

from contracts import ids
from contracts.events import PartnerRegistrationCompleted
from contracts.journey import PARTNER_CREATION_1, PARTNER_ONBOARDING_1, Journey, journeys_of
from contracts.reading import Reader

READER = Reader()
SAGA = ids.saga_id("default", "partner-onboarding", "/producers/crm", "e-1")


def test_a_start_with_only_type_id_source_and_body_is_read_and_its_ids_derived():
    event = READER.read(start())
    assert (event.name, event.version, event.event_id) == ("PartnerOnboardingInitiated", 1, "e-1")
    assert event.context.saga_id == SAGA
    assert event.context.partner_id == ids.partner_id(SAGA)
    assert event.context.correlation_id == SAGA
    assert event.context.tenant_id == "default"
    assert event.context.journey_label == "partner-onboarding/1"
    assert event.time == datetime(2026, 1, 1, tzinfo=UTC)
    assert (event.causation_id, event.traceparent) == (None, None)
    assert event.data == event.body == {"partner_data": PARTNER_DATA}
    assert (event.record.partition, event.record.offset) == (2, 7)


def test_a_step_event_with_only_type_id_source_saga_and_body_is_read():
    event = READER.read(step_event("PartnerRegistrationCompleted", REGISTERED))
    assert isinstance(event.data, PartnerRegistrationCompleted)
    assert event.context.saga_id == "s-1"
    assert event.context.partner_id == "p-1"
    assert event.context.correlation_id == "s-1"
    assert event.body == REGISTERED


def test_structured_mode_reads_the_same_event_as_binary_mode():
    binary, other = (
        READER.read(start()),
        READER.read(structured("PartnerOnboardingInitiated", {"partner_data": PARTNER_DATA})),
    )
    assert other.context == binary.context
    assert (other.data, other.digest, other.event_id) == (
        binary.data,
        binary.digest,
        binary.event_id,
    )


def test_structured_mode_lacks_a_specversion_and_is_read_all_the_same():
    event = READER.read(
        structured("PartnerOnboardingInitiated", {"partner_data": {}}, specversion=None)
    )
    assert event.body == {"partner_data": {}}


def test_structured_mode_wins_by_its_content_type_over_headers_of_the_same_names():
    headers = (
        ("ce_type", b"something else"),
        ("Content-Type", b"application/cloudevents+json; charset=UTF-8"),
    )
    event = READER.read(structured("PartnerOnboardingInitiated", {"partner_data": {}}, headers))
    assert event.body == {"partner_data": {}}


def test_a_binary_start_may_have_a_member_named_type_beside_its_partner_data():
    body = {"partner_data": PARTNER_DATA, "type": "urgent", "source": "x", "id": "y"}
    assert READER.read(record(orjson.dumps(body))).body == body


def test_a_wrong_structured_content_type_of_a_binary_message_is_overlooked():
    assert READER.read(start(**{"content-type": "application/cloudevents+json"})).body[
        "partner_data"
    ]


def test_structured_data_as_base64_is_read():
    encoded = base64.b64encode(orjson.dumps({"partner_data": PARTNER_DATA})).decode()
    event = READER.read(structured("PartnerOnboardingInitiated", None, data_base64=encoded))
    assert event.body == {"partner_data": PARTNER_DATA}


def test_structured_members_that_are_no_text_are_ignored():
    event = READER.read(structured("PartnerOnboardingInitiated", {}, tenantid=5, subject=["x"]))
    assert event.context.tenant_id == "default"


def test_header_names_may_be_in_any_case():
    plain, other = (
        start(ce_subject="p-9"),
        start(
            ce_type=None,
            ce_id=None,
            ce_source=None,
            CE_Subject="p-9",
            CE_TYPE="com.hexabuilders.onboarding.PartnerOnboardingInitiated.v1",
            Ce_Id="e-1",
            cE_sOURCE="/producers/crm",
        ),
    )
    assert READER.read(other).context == READER.read(plain).context


def test_of_a_header_that_comes_twice_the_last_counts():
    twice = start(ce_id="first", CE_ID="second")
    assert READER.read(twice).event_id == "second"


def test_of_a_json_member_that_comes_twice_the_last_counts():
    event = READER.read(record(b'{"partner_data": {"nombre": "a", "nombre": "b"}}'))
    assert event.body == {"partner_data": {"nombre": "b"}}


@pytest.mark.parametrize("specversion", ["1.0", "0.3", "", "2"])
def test_any_specversion_is_read(specversion):
    assert READER.read(start(ce_specversion=specversion)).event_id == "e-1"


@pytest.mark.parametrize(
    "partner_data", [None, [], "text", 5, {}, {"nombre": 5}, {"partner_id": {"$ne": 1}}]
)
def test_a_start_whose_partner_data_is_anything_is_not_poison(partner_data):
    assert READER.read(start(partner_data)).data == {"partner_data": partner_data}


def test_a_start_without_partner_data_is_not_poison():
    assert READER.read(record(b"{}")).data == {}


def test_the_saga_id_of_a_start_is_never_taken_from_its_header():
    assert READER.read(start(ce_sagaid="mine")).context.saga_id == SAGA


def test_tenant_and_journey_make_other_sagas():
    sagas = {
        READER.read(start(**headers)).context.saga_id
        for headers in (
            {},
            {"ce_tenantid": "acme"},
            {"ce_journey": "partner-creation"},
            {"ce_source": "/x"},
        )
    }
    assert len(sagas) == 4


def test_a_journey_without_a_version_is_read_in_the_configured_one():
    second = Journey("partner-onboarding", 2, PARTNER_ONBOARDING_1.steps)
    reader = Reader(journey_version=2, journeys=journeys_of(PARTNER_ONBOARDING_1, second))
    assert reader.read(start()).context.journey_label == "partner-onboarding/2"
    assert reader.read(start(ce_journey="partner-onboarding/1")).context.journey_version == 1
    assert reader.read(start()).context.saga_id == SAGA


def test_a_journey_that_lacks_the_configured_version_is_read_in_the_newest_one_before():
    second = Journey("partner-onboarding", 2, PARTNER_ONBOARDING_1.steps)
    known = journeys_of(PARTNER_ONBOARDING_1, second, PARTNER_CREATION_1)
    event = Reader(journey_version=2, journeys=known).read(start(ce_journey="partner-creation"))
    assert event.context.journey_label == "partner-creation/1"


def test_a_tenant_of_the_list_is_read():
    assert (
        Reader(tenants=frozenset({"acme"})).read(start(ce_tenantid="acme")).context.tenant_id
        == "acme"
    )


@pytest.mark.parametrize(
    ("asked", "subject", "found"),
    [
        ("p-asked", "p-subject", "p-asked"),
        (None, "p-subject", "p-subject"),
        ("not good!", "p-subject", "p-subject"),
        ("health", "partner-creation", ids.partner_id(SAGA)),
        (5, "", ids.partner_id(SAGA)),
        ("x" * 65, "x" * 65, ids.partner_id(SAGA)),
    ],
)
def test_the_partner_id_of_a_start_is_the_first_good_one_else_derived(asked, subject, found):
    event = READER.read(start({**PARTNER_DATA, "partner_id": asked}, ce_subject=subject))
    assert event.context.partner_id == found


def test_a_step_event_whose_subject_is_no_partner_id_falls_back_to_the_data():
    event = READER.read(
        step_event("PartnerRegistrationCompleted", REGISTERED, ce_subject="../../etc")
    )
    assert event.context.partner_id == "p-1"


@pytest.mark.parametrize(
    ("header", "body", "found"),
    [
        ("h", {"correlation_id": "b"}, "h"),
        (None, {"correlation_id": "b", "partner_data": {"correlation_id": "d"}}, "b"),
        (None, {"partner_data": {"correlation_id": "d"}}, "d"),
        ("", {"correlation_id": 5, "partner_data": {"correlation_id": "x" * 1025}}, SAGA),
    ],
)
def test_the_correlation_id_comes_from_the_header_then_the_data_then_the_saga(header, body, found):
    event = READER.read(record(orjson.dumps(body), ce_correlationid=header))
    assert event.context.correlation_id == found


def test_a_prefix_belongs_to_the_topic():
    plain = start()
    own = type(plain)(f"t1.{plain.topic}", 0, 0, None, plain.value, plain.headers, 0)
    assert Reader(prefix="t1.").read(own).event_id == "e-1"
