"""Records as a producer might make them by hand, for the tests of reading."""

from typing import Any

import orjson

from contracts.envelope import Record, source_of
from contracts.journey import PARTNER_ONBOARDING_1
from contracts.topics import event_topic

TYPE = "com.hexabuilders.onboarding.{}.v1"
PARTNER_DATA = {
    "nombre": "TechSolutions Inc",
    "email": "contact@techsolutions.com",
    "telefono": "+1234567890",
    "tipo_partner": "EMPRESA",
    "preferred_contract_type": "PREMIUM",
}
REGISTERED = {"partner": {"partner_id": "p-1", "kind": "EMPRESA"}}


def record(
    value: bytes | None,
    name: str = "PartnerOnboardingInitiated",
    timestamp_ms: int = 1_767_225_600_000,
    **headers: bytes | str | None,
) -> Record:
    """A record of the event's topic; a header None is left out, names stand as they are."""
    given = {"ce_type": TYPE.format(name), "ce_id": "e-1", "ce_source": "/producers/crm", **headers}
    sent = tuple(
        (k, v.encode() if isinstance(v, str) else v) for k, v in given.items() if v is not None
    )
    return Record(event_topic(name), 2, 7, b"any key", value, sent, timestamp_ms)


def start(partner_data: Any = PARTNER_DATA, **headers: bytes | str | None) -> Record:
    """A hand-made start."""
    return record(orjson.dumps({"partner_data": partner_data}), **headers)


def step_event(name: str, body: Any, **headers: bytes | str | None) -> Record:
    """A hand-made event of a saga under way, from the source that may say it."""
    step = body.get("step", body.get("failed_step"))
    given = {"ce_sagaid": "s-1", "ce_source": source_that_says(name, step), **headers}
    return record(orjson.dumps(body), name, **given)


def source_that_says(name: str, step: str | None = None) -> str:
    """The service whose word it is (`step` says its own end and failure); else anybody."""
    row = PARTNER_ONBOARDING_1.sayer_of(name)
    sayer = row.name if row else step
    return source_of(sayer) if sayer else "/producers/crm"


def structured(
    name: str, data: Any, headers: tuple[tuple[str, bytes], ...] = (), **members: Any
) -> Record:
    """A record in structured mode; members None are left out."""
    given = {
        "specversion": "1.0",
        "type": TYPE.format(name),
        "source": "/producers/crm",
        "id": "e-1",
        "data": data,
        **members,
    }
    body = {k: v for k, v in given.items() if v is not None}
    return Record(event_topic(name), 0, 0, None, orjson.dumps(body), headers, 0)
