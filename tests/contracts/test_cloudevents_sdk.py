"""Our envelope and the CloudEvents SDK read each other's messages, in both modes."""

import orjson
import pytest
from cloudevents.core.bindings.kafka import (
    KafkaMessage,
    from_kafka_event,
    to_binary_event,
    to_structured_event,
)
from cloudevents.core.v1.event import CloudEvent
from made_records import PARTNER_DATA, REGISTERED

from contracts.envelope import Record
from contracts.events import EVENTS
from contracts.reading import Reader
from contracts.schema_files import example, example_record

START = {"partner_data": PARTNER_DATA}
ATTRIBUTES = {
    "id": "e-1",
    "source": "/producers/crm",
    "type": "com.hexabuilders.onboarding.PartnerOnboardingInitiated.v1",
    "datacontenttype": "application/json",
    "subject": "p-1",
    "time": "2026-03-03T14:15:01.250000Z",
    "partitionkey": "p-1",
    "correlationid": "corr-1",
    "tenantid": "acme",
    "journey": "partner-creation/1",
}


def sdk_event(data, **attributes):
    given = {**ATTRIBUTES, **attributes}
    given["time"] = from_kafka_event(
        KafkaMessage(
            {
                "ce_specversion": b"1.0",
                "ce_id": b"1",
                "ce_source": b"/x",
                "ce_type": b"x",
                "ce_time": given["time"].encode(),
            },
            None,
            b"{}",
        )
    ).get_time()
    return CloudEvent(given, data)


def as_record(message, topic="onboarding.partner-onboarding-initiated"):
    key = message.key.encode() if isinstance(message.key, str) else message.key
    return Record(topic, 0, 0, key, message.value, tuple(message.headers.items()), 0)


@pytest.mark.parametrize("key", EVENTS, ids=lambda key: key[0])
def test_the_sdk_reads_what_we_write(key):
    record, message = example_record(*key), example(*key)
    event = from_kafka_event(KafkaMessage(dict(record.headers), record.key, record.value))
    assert event.get_data() == message["value"]
    ours = Reader().read(record)
    assert (event.get_id(), event.get_source(), event.get_subject()) == (
        ours.event_id,
        ours.source,
        ours.context.partner_id,
    )
    assert (event.get_time(), event.get_type()) == (ours.time, message["headers"]["ce_type"])
    assert event.get_dataschema() == message["headers"]["ce_dataschema"]
    assert event.get_extension("sagaid") == message["headers"]["ce_sagaid"]
    assert event.get_extension("partitionkey") == message["key"]


@pytest.mark.parametrize("write", [to_binary_event, to_structured_event])
@pytest.mark.parametrize("as_bytes", [False, True])
def test_we_read_what_the_sdk_writes(write, as_bytes):
    data = orjson.dumps(START) if as_bytes else START
    event = Reader().read(as_record(write(sdk_event(data))))
    assert event.body == START
    assert (event.event_id, event.source, event.time.isoformat()) == (
        "e-1",
        "/producers/crm",
        "2026-03-03T14:15:01.250000+00:00",
    )
    context = event.context
    assert (context.tenant_id, context.partner_id, context.correlation_id) == (
        "acme",
        "p-1",
        "corr-1",
    )
    assert context.journey_label == "partner-creation/1"


def test_both_modes_of_the_sdk_are_one_event_with_one_digest():
    read = [
        Reader().read(as_record(write(sdk_event(START))))
        for write in (to_binary_event, to_structured_event)
    ]
    assert read[0].digest == read[1].digest
    assert read[0].context == read[1].context


@pytest.mark.parametrize("write", [to_binary_event, to_structured_event])
def test_we_read_a_step_event_that_the_sdk_writes(write):
    type_ = "com.hexabuilders.onboarding.PartnerRegistrationCompleted.v1"
    own = {"source": "/services/registration", "sagaid": "s-1", "journey": "partner-onboarding/1"}
    message = write(sdk_event(REGISTERED, type=type_, **own))
    event = Reader().read(as_record(message, "onboarding.partner-registration-completed"))
    assert (event.context.saga_id, event.body) == ("s-1", REGISTERED)
