"""contracts/starting.py: the message of a start, as a step would read it."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from contracts.envelope import Record
from contracts.journey import PARTNER_CREATION_1, PARTNER_ONBOARDING_1
from contracts.reading import Reader
from contracts.starting import Asked, start_context, start_message

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ASKED = Asked({"nombre": "A"}, "/services/cli", PARTNER_ONBOARDING_1, "fresh-1", "acme", "corr-1")


def read(asked: Asked, prefix: str = ""):
    message = start_message(asked, NOW, prefix)
    record = Record(message.topic, 0, 0, message.key, message.value, message.headers, 0)
    return Reader(prefix=prefix).read(record)


def test_a_step_reads_the_ids_that_the_sender_knows():
    for asked in (ASKED, replace(ASKED, correlation_id=None), replace(ASKED, partner_data={})):
        assert read(asked).context == start_context(asked)


def test_all_headers_that_are_known_at_the_start_are_sent():
    message = start_message(ASKED, NOW)
    context = start_context(ASKED)
    assert {name: text.decode() for name, text in message.headers} == {
        "ce_specversion": "1.0",
        "ce_id": ASKED.event_id,
        "ce_source": "/services/cli",
        "ce_type": "com.hexabuilders.onboarding.PartnerOnboardingInitiated.v1",
        "ce_time": "2026-03-02T09:30:00.000000Z",
        "ce_subject": context.partner_id,
        "ce_dataschema": "/schemas/PartnerOnboardingInitiated.v1.json",
        "content-type": "application/json",
        "ce_partitionkey": context.partner_id,
        "ce_correlationid": "corr-1",
        "ce_sagaid": context.saga_id,
        "ce_tenantid": "acme",
        "ce_journey": "partner-onboarding/1",
    }
    assert message.key == context.partner_id.encode()


def test_the_same_correlation_id_is_the_same_saga_and_the_same_body():
    again = replace(ASKED, fresh_id="fresh-2")
    assert start_context(again).saga_id == start_context(ASKED).saga_id
    assert read(again).digest == read(ASKED).digest


def test_without_a_correlation_id_each_start_is_a_saga_of_its_own():
    one, two = (replace(ASKED, correlation_id=None, fresh_id=text) for text in "12")
    assert start_context(one).saga_id != start_context(two).saga_id
    assert start_context(one).correlation_id == start_context(one).saga_id
    assert "correlation_id" not in json.loads(start_message(one, NOW).value or b"")


def test_tenants_and_journeys_keep_the_same_correlation_id_apart():
    others = (replace(ASKED, tenant_id="other"), replace(ASKED, journey=PARTNER_CREATION_1))
    assert len({start_context(asked).saga_id for asked in (ASKED, *others)}) == 3


def test_a_partner_id_that_is_given_is_the_records_key():
    given = replace(ASKED, partner_data={"partner_id": "P-1"})
    assert start_message(given, NOW).key == b"P-1"
    wrong = replace(ASKED, partner_data={"partner_id": "no / good"})
    assert read(wrong).context == start_context(wrong)


def test_partner_data_is_sent_as_it_came_whatever_it_is():
    data = {"nombre": None, "unknown": [1, {"ñ": "ü"}]}
    assert read(replace(ASKED, partner_data=data)).body["partner_data"] == data


def test_the_topic_has_the_prefix_of_the_system():
    assert start_message(ASKED, NOW, "t1-").topic == "t1-onboarding.partner-onboarding-initiated"
    assert read(ASKED, "t1-").name == "PartnerOnboardingInitiated"
