"""Integers that MongoDB cannot keep, and bodies in base64: each is answered, and no process ends."""

import base64
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from tests.integration import starts
from tests.integration.polling import until
from tests.integration.starts import STARTED, Sent
from tests.integration.system import ALL, System

ENDLESS = 10**400  # not even a float holds it
LARGE = {  # as sent, and as it is kept: beyond 64 bits as a float
    "2**63": (2**63, 2**63),
    "2**64 - 1": (2**64 - 1, 2**64 - 1),
    "2**64": (2**64, float(2**64)),
    "-2**63 - 1": (-(2**63) - 1, float(-(2**63))),
}
REFUSED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "name": ("INVALID_PARTNER_DATA", {"nombre": 2**63}),
    "partner_id": ("INVALID_PARTNER_DATA", {"partner_id": 2**64 - 1}),
    "seats": ("INVALID_PARTNER_DATA", {"recruitment_preferences": {"seats": 2**63}}),
    "budget": ("INVALID_PARTNER_DATA", {"campaign_permissions": {"monthly_budget": 2**63}}),
    "terms": (
        "TERMS_INVALID",
        {
            "preferred_contract_type": "CUSTOM",
            "contract_terms": {
                "commission": "0.1",
                "liability_limit": 2**63,
                "payment_days": 2**64 - 1,
                "months": -(2**63),
                "monthly_budget": 2**64,
                "seats": 2**63,
            },
        },
    ),
}


def binary(body: bytes) -> Sent:
    return starts.start().with_value(body)


def structured(body: bytes) -> Sent:
    return _with_content_type(b'"data": ' + body)


def in_base64(body: bytes) -> Sent:
    """As CloudEvents SDKs send data that they were given as bytes."""
    return _with_content_type(b'"data_base64": "' + base64.b64encode(body) + b'"')


def _with_content_type(member: bytes) -> Sent:
    attributes = {"type": STARTED, "id": uuid.uuid4().hex, "source": "/tests/producer"}
    value = json.dumps(attributes).encode()[:-1] + b", " + member + b"}"
    return Sent(value, (("content-type", b"application/cloudevents+json"),))


MODES = pytest.mark.parametrize("mode", [binary, structured, in_base64])


@pytest.fixture(autouse=True)
def nobody_was_restarted(shared: System) -> Iterator[None]:
    before = pids(shared)
    yield
    assert pids(shared) == before


@MODES
@pytest.mark.parametrize(("number", "kept_as"), LARGE.values(), ids=LARGE)
async def test_a_large_integer_that_nobody_reads_is_kept(
    shared: System, mode: Callable[[bytes], Sent], number: int, kept_as: float
):
    correlation, body = body_with(extra=[{"number": number}])
    await starts.send(shared.kafka, shared.start_topic, mode(json.dumps(body).encode()))
    saga = await shared.ended(correlation)
    assert saga["status"] == "COMPLETED"
    async with AsyncMongoClient[dict[str, Any]](shared.stack.mongo) as client:
        events = client[f"{shared.prefix}saga_state"].events
        kept = await events.find_one({"saga_id": saga["_id"], "type": STARTED.split(".")[-2]})
    assert kept is not None
    data = kept["data"] if isinstance(kept["data"], dict) else json.loads(kept["data"])
    body["partner_data"]["extra"] = [{"number": kept_as}]
    assert data == body


@MODES
@pytest.mark.parametrize("name", REFUSED)
async def test_a_large_integer_where_another_value_belongs_is_a_no(
    shared: System, mode: Callable[[bytes], Sent], name: str
):
    code, changes = REFUSED[name]
    correlation, body = body_with(**changes)
    await starts.send(shared.kafka, shared.start_topic, mode(json.dumps(body).encode()))
    assert (await failed(shared, correlation))["code"] == code


@MODES
async def test_an_integer_beyond_all_floats_is_poison(
    shared: System, mode: Callable[[bytes], Sent]
):
    _, body = body_with(extra=ENDLESS)
    await is_poison(shared, mode(json.dumps(body).encode()), "INVALID_JSON")


@pytest.mark.parametrize("inside", [b"[1]", b'"text"', b"\xff\xfe", b"", b'{"a": NaN}'])
async def test_base64_of_what_is_no_json_object_is_poison(shared: System, inside: bytes):
    await is_poison(shared, in_base64(inside), "INVALID_JSON")


async def test_what_is_no_base64_is_poison(shared: System):
    await is_poison(shared, _with_content_type(b'"data_base64": "%%"'), "INVALID_DATA")


def body_with(**changes: Any) -> tuple[str, dict[str, Any]]:
    """A start's body and the correlation id in it."""
    correlation = uuid.uuid4().hex
    return correlation, {
        "partner_data": starts.partner_data(**changes),
        "correlation_id": correlation,
    }


async def failed(shared: System, correlation: str) -> dict[str, Any]:
    """The failure of a saga, once its projection has one."""

    async def find() -> dict[str, Any] | None:
        found = await shared.sagas(correlation_id=correlation)
        return found[0]["failure"] if found else None

    return await until(f"a failure of {correlation}", find) or {}


async def is_poison(shared: System, sent: Sent, error_class: str) -> None:
    """Both who hear starts have a dead letter of it, with its bytes as they were."""
    (place,) = await starts.send(shared.kafka, shared.start_topic, sent)
    for service in ("registration", "saga-state"):
        (letter,) = await shared.dead_letters_of({place}, service)
        assert letter.header("dlq_error_class") == error_class
        assert (letter.key, letter.value) == (None, sent.value)


def pids(shared: System) -> dict[str, int | None]:
    return {name: shared.stack.supervisor.pid(name) for name in ALL}
