"""Starts and poison as a producer in any language would make them: headers and bytes, by hand."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiokafka import AIOKafkaProducer

from tests.integration.outside import Place

TYPE = "com.hexabuilders.onboarding."
STARTED = f"{TYPE}PartnerOnboardingInitiated.v1"
Headers = Sequence[tuple[str, bytes]]
_NULL = object()  # aiokafka refuses what other clients send: neither key nor value


@dataclass(frozen=True)
class Sent:
    """What is to be sent, or was."""

    value: bytes | None
    headers: Headers
    key: bytes | None = None

    def with_headers(self, **changes: str | bytes | None) -> "Sent":
        """Others in the place of some; None takes one away."""
        told = dict(self.headers)
        for name, text in changes.items():
            told.pop(name, None)
            if text is not None:
                told[name] = text.encode() if isinstance(text, str) else text
        return replace(self, headers=tuple(told.items()))

    def with_value(self, value: bytes | None) -> "Sent":
        return replace(self, value=value)


def fresh_email() -> str:
    """One living partner per address: each start needs its own."""
    return f"{uuid.uuid4().hex}@techsolutions.example"


def partner_data(**changes: Any) -> dict[str, Any]:
    """As real producers send it."""
    usual = {
        "nombre": "TechSolutions Inc",
        "email": fresh_email(),
        "telefono": "+1234567890",
        "tipo_partner": "EMPRESA",
        "preferred_contract_type": "PREMIUM",
    }
    return {**usual, **changes}


def start(correlation_id: str | None = None, event_id: str | None = None, **changes: Any) -> Sent:
    """A start with the three headers that are needed, in binary mode."""
    body = {"partner_data": partner_data(**changes)}
    headers = {
        "ce_type": STARTED,
        "ce_id": event_id or uuid.uuid4().hex,
        "ce_source": "/tests/producer",
    }
    if correlation_id:
        headers["ce_correlationid"] = correlation_id
    told = tuple((name, text.encode()) for name, text in headers.items())
    return Sent(json.dumps(body).encode(), told)


def structured(correlation_id: str, **changes: Any) -> Sent:
    """The same in structured mode: one JSON object with everything."""
    event = {
        "specversion": "1.0",
        "type": STARTED,
        "id": uuid.uuid4().hex,
        "source": "/tests/producer",
        "correlationid": correlation_id,
        "data": {"partner_data": partner_data(**changes)},
    }
    headers = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
    return Sent(json.dumps(event).encode(), headers)


def producer_to(kafka: str) -> AIOKafkaProducer:
    """Of large and of empty records too."""
    return AIOKafkaProducer(
        bootstrap_servers=kafka,
        acks="all",
        max_request_size=1_300_000,
        value_serializer=lambda value: None if value is _NULL else value,
    )


async def send(kafka: str, topic: str, *messages: Sent) -> list[Place]:
    """Send all; where each stands."""
    async with producer_to(kafka) as producer:
        return await send_by(producer, topic, messages)


async def send_by(producer: AIOKafkaProducer, topic: str, messages: Sequence[Sent]) -> list[Place]:
    """The same by a producer that goes on."""
    asked = [
        await producer.send(
            topic, _NULL if one.value is None else one.value, one.key, headers=list(one.headers)
        )
        for one in messages
    ]
    done = [await one for one in asked]
    return [(one.topic, one.partition, one.offset) for one in done]
