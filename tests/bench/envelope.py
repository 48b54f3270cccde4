"""Microseconds per message to write and to read an event: our envelope and the CloudEvents SDK.

Run: python tests/bench/envelope.py. Each figure is the best of five rounds. The SDK's side does the
same work: the same headers, the data as JSON from and to the same model.
"""

import timeit
from collections.abc import Callable
from datetime import UTC, datetime

from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event, to_binary_event
from cloudevents.core.v1.event import CloudEvent

from contracts.envelope import Context, binary, schema_of, source_of, type_of
from contracts.events import EVENTS, EventData
from contracts.reading import Reader
from contracts.schema_files import example_record
from contracts.topics import event_topic

ROUNDS, CALLS = 5, 3000
NOW = datetime(2026, 3, 3, 14, 15, tzinfo=UTC)
READER = Reader()


def ours(name: str, data: EventData, context: Context) -> object:
    return binary(event_topic(name), "e-1", source_of("contract"), NOW, data, context, "c-1")


def sdk(data: EventData, context: Context) -> object:
    model = type(data)
    attributes = {
        "specversion": "1.0",
        "id": "e-1",
        "source": source_of("contract"),
        "type": type_of(model),
        "time": NOW,
        "subject": context.partner_id,
        "dataschema": schema_of(model),
        "datacontenttype": "application/json",
        "partitionkey": context.partner_id,
        "correlationid": context.correlation_id,
        "causationid": "c-1",
        "sagaid": context.saga_id,
        "tenantid": context.tenant_id,
        "journey": context.journey_label,
    }
    return to_binary_event(CloudEvent(attributes, data.model_dump_json(exclude_none=True)))


def sdk_read(model: type[EventData], message: KafkaMessage) -> object:
    return model.model_validate(from_kafka_event(message).get_data())


def microseconds(call: Callable[[], object]) -> float:
    return min(timeit.repeat(call, number=CALLS, repeat=ROUNDS)) / CALLS * 1e6


def figures(name: str) -> dict[str, float]:
    """Microseconds by what was measured, for the example of an event."""
    record, model = example_record(name, 1), EVENTS[name, 1]
    event = READER.read(record)
    data, context = model.model_validate(event.body), event.context
    message = KafkaMessage(dict(record.headers), record.key, record.value or b"")
    return {
        "write, ours": microseconds(lambda: ours(name, data, context)),
        "write, SDK": microseconds(lambda: sdk(data, context)),
        "read, ours (with ids, digest, checks)": microseconds(lambda: READER.read(record)),
        "read, SDK (attributes and data only)": microseconds(lambda: sdk_read(model, message)),
    }


def main() -> None:
    for name in ("PartnerRegistrationCompleted", "CampaignsEnabled", "CompensationCompleted"):
        print(f"{name}, {len(example_record(name, 1).value or b'')} bytes")
        for figure, value in figures(name).items():
            print(f"  {figure:38} {value:7.1f} µs")


if __name__ == "__main__":
    main()
