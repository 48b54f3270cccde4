"""Sagas for tests of what stands on the topics: played in memory, and copied for numbers.

They come to all kinds of ends; some have not ended. Nothing runs while they are made.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer

from contracts import ids
from contracts.envelope import Context, Message, Record, binary
from contracts.events import CompensationRequested
from contracts.journey import PARTNER_CREATION_1, PARTNER_ONBOARDING_1, Journey
from contracts.starting import Asked, start_context, start_message
from contracts.topics import event_topic
from services.runtime.world import World
from services.steps import all_steps

SOURCE, FIRST = "/tests/played", "0" * 32
EXPIRED = {"type": "IDENTITY", "number": "1", "expires_on": "2020-01-01"}
CHANGES: Sequence[dict[str, Any]] = ({}, {"pais": "KP"}, {"documents": [EXPIRED]}, {}, {}, {})
OFFBOARDED, CREATION, CUT = 3, 4, 5
LATE = [
    f"onboarding.{name}"
    for name in ("documents-verified", "campaigns-enabled", "recruitment-setup-completed",
                 "partner-onboarding-completed")
]  # fmt: skip


async def played(count: int, seed: str) -> list[Record]:
    """The records of so many sagas: one in six each way."""
    world = World(all_steps(), now=lambda: datetime.now(UTC))
    asked = [_asked(seed, number) for number in range(count)]
    await world.publish(*(start_message(one, datetime.now(UTC)) for one in asked))
    await world.run()
    later = [start_context(one) for n, one in enumerate(asked) if n % 6 == OFFBOARDED]
    await world.publish(*map(_request, later))
    await world.run()
    cut = {start_context(one).saga_id for n, one in enumerate(asked) if n % 6 == CUT}
    return [one for one in _records(world) if not _is_cut(one, cut)]


async def completed_one(first: str = FIRST) -> list[Record]:
    """All records of one saga that completed, to be copied."""
    world = World(all_steps(), now=lambda: datetime.now(UTC))
    asked = Asked(_partner(first), SOURCE, PARTNER_ONBOARDING_1, fresh_id=first)
    await world.publish(start_message(asked, datetime.now(UTC)))
    await world.run()
    return _records(world)


def copies(records: Sequence[Record], number: int) -> Iterator[Record]:
    """The saga of `completed_one` under other ids; of each number others."""
    first = uuid.UUID(int=number + 1).hex
    old, new = _saga(FIRST), _saga(first)
    others = [(old, new), (ids.partner_id(old), ids.partner_id(new)), (FIRST, first)]
    for record in records:
        own = dict(record.headers)["ce_id"].decode()
        if own != FIRST:
            others.append((own, str(uuid.uuid5(uuid.NAMESPACE_OID, f"{own}/{first}"))))
    pairs = [(one.encode(), other.encode()) for one, other in others]
    for record in records:
        headers = tuple((name, _replaced(value, pairs)) for name, value in record.headers)
        key, value = _replaced(record.key or b"", pairs), _replaced(record.value or b"", pairs)
        yield replace(record, key=key, value=value, headers=headers)


async def publish(producer: AIOKafkaProducer, records: Iterable[Record], prefix: str = "") -> None:
    """Send them, each to its topic; returns when all are acknowledged."""
    sent = [
        await producer.send(f"{prefix}{one.topic}", one.value, one.key, headers=list(one.headers))
        for one in records
    ]
    for one in sent:
        await one


def _asked(seed: str, number: int) -> Asked:
    journey: Journey = PARTNER_CREATION_1 if number % 6 == CREATION else PARTNER_ONBOARDING_1
    partner = {**_partner(f"{seed}-{number}"), **CHANGES[number % 6]}
    return Asked(partner, SOURCE, journey, fresh_id=f"{seed}-{number}")


def _partner(name: str) -> dict[str, Any]:
    return {
        "nombre": "TechSolutions Inc",
        "email": f"{name}@techsolutions.example",
        "telefono": "+1234567890",
        "tipo_partner": "EMPRESA",
        "preferred_contract_type": "PREMIUM",
    }


def _request(context: Context) -> Message:
    data = CompensationRequested(
        failed_step=None, code="REQUESTED", reason="The partner has left.", requested_by="ana"
    )
    topic = event_topic(CompensationRequested.__name__)
    return binary(topic, str(uuid.uuid4()), "/tests/ops", datetime.now(UTC), data, context)


def _records(world: World) -> list[Record]:
    return [record for topic in list(world.log.topics) for record in world.log.records(topic)]


def _is_cut(record: Record, cut: set[str]) -> bool:
    """What these sagas said after their contracts is not there (yet)."""
    return record.topic in LATE and dict(record.headers)["ce_sagaid"].decode() in cut


def _saga(event_id: str) -> str:
    return ids.saga_id("default", PARTNER_ONBOARDING_1.name, SOURCE, event_id)


def _replaced(text: bytes, pairs: Sequence[tuple[bytes, bytes]]) -> bytes:
    for old, new in pairs:
        text = text.replace(old, new)
    return text
