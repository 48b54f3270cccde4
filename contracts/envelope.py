"""The envelope: CloudEvents 1.0 over Kafka, and how we write it (binary mode).

Reading is in reading.py. The mapping is our own because it is on the hot path; a test compares
it with the CloudEvents SDK in both directions (DECISIONS.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contracts.events import EventData

TYPE_PREFIX = "com.hexabuilders.onboarding."
Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a topic, as the broker has it. `timestamp_ms` is the broker's, since 1970."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class Message:
    """A record to be sent; `event_id` names it in logs and marks."""

    event_id: str
    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class Context:
    """What every event of a saga shares; `time` and ids of one event stand in Event."""

    saga_id: str
    tenant_id: str
    partner_id: str
    correlation_id: str
    journey: str
    journey_version: int

    @property
    def journey_label(self) -> str:
        return f"{self.journey}/{self.journey_version}"


@dataclass(frozen=True, slots=True)
class Event:
    """An event that was read, with all its ids.

    `data` is the model of its type, except for PartnerOnboardingInitiated, where it is the JSON
    object as sent: what is wrong in it is a business "no", not poison. `digest` is the same for
    bodies that are equal as JSON. `body` is the data as parsed JSON. `names_journey`: whether it
    said itself in which journey its saga is.
    """

    name: str
    version: int
    event_id: str
    source: str
    time: datetime
    context: Context
    causation_id: str | None
    traceparent: str | None
    data: EventData | dict[str, Any]
    body: dict[str, Any]
    digest: str
    record: Record
    names_journey: bool = True


def source_of(service: str) -> str:
    """`ce_source` of what a service says."""
    return f"/services/{service}"


def type_of(model: type[EventData]) -> str:
    """`ce_type` of an event model: `com.hexabuilders.onboarding.ContractCreated.v1`."""
    return f"{TYPE_PREFIX}{model.__name__}.v{model.VERSION}"


def schema_of(model: type[EventData]) -> str:
    """`ce_dataschema` of an event model: the path of its JSON Schema in contracts/schemas/."""
    return f"/schemas/{model.__name__}.v{model.VERSION}.json"


def time_text(time: datetime) -> str:
    """RFC 3339 in UTC with microseconds."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def binary(
    topic: str,
    event_id: str,
    source: str,
    time: datetime,
    data: EventData,
    context: Context,
    causation_id: str | None = None,
    traceparent: str | None = None,
) -> Message:
    """An event in binary mode: the data as JSON in the value, everything else in headers.

    The record's key is the partner_id, so that one partner's events stay in one partition.
    """
    model = type(data)
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": source,
        "ce_type": type_of(model),
        "ce_time": time_text(time),
        "ce_subject": context.partner_id,
        "ce_dataschema": schema_of(model),
        "content-type": "application/json",
        "ce_partitionkey": context.partner_id,
        "ce_correlationid": context.correlation_id,
        "ce_causationid": causation_id,
        "ce_sagaid": context.saga_id,
        "ce_tenantid": context.tenant_id,
        "ce_journey": context.journey_label,
        "traceparent": traceparent,
    }
    headers = tuple((name, text.encode()) for name, text in attributes.items() if text is not None)
    value = data.model_dump_json(exclude_none=True).encode()
    return Message(event_id, topic, context.partner_id.encode(), value, headers)
