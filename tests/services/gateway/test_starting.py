"""A start through the gateway: what is the same saga, what is refused, what is left behind."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from gateway_given import PARTNER, Gateway

from contracts.events import PartnerOnboardingInitiated
from contracts.topics import event_topic
from services.gateway.finding import found
from services.gateway.notes import KEPT

TOPIC = event_topic(PartnerOnboardingInitiated.__name__)


def an_order(**changes) -> dict:
    return {"partner_data": {**PARTNER}, "correlation_id": f"c-{uuid4().hex}", **changes}


async def ask(gateway: Gateway, body: dict, tenant: str = "default", **headers: str):
    async with gateway.client(await gateway.key("admin", tenant)) as client:
        return await client.post("/sagas/partner-onboarding", json=body, headers=headers)


def published(gateway: Gateway, correlation_id: str) -> list:
    text = correlation_id.encode()
    return [
        one for one in gateway.log.records(TOPIC) if dict(one.headers)["ce_correlationid"] == text
    ]


async def test_what_is_answered_yes_is_in_the_log_and_no_personal_data_stays_in_the_note(gateway):
    order = an_order()
    begun = (await ask(gateway, order)).json()
    (record,) = published(gateway, order["correlation_id"])
    assert dict(record.headers)["ce_sagaid"].decode() == begun["saga_id"]
    (note,) = await gateway.ground.starts.find("default", begun["saga_id"])
    assert "message" not in note
    assert PARTNER["email"] not in str(note)


async def test_the_same_order_again_is_answered_the_same_and_published_once(gateway):
    order = an_order()
    answers = [(await ask(gateway, order)).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert len(published(gateway, order["correlation_id"])) == 1


async def test_many_at_once_are_one_saga_with_one_body(gateway):
    order = an_order()
    answers = await asyncio.gather(*(ask(gateway, order) for _ in range(10)))
    assert {one.status_code for one in answers} == {202}
    assert len({one.json()["saga_id"] for one in answers}) == 1
    sent = published(gateway, order["correlation_id"])
    assert len({(one.value, one.headers) for one in sent}) == 1


async def test_an_order_without_any_id_is_a_saga_of_its_own_each_time(gateway):
    order = {"partner_data": PARTNER}
    first, second = (await ask(gateway, order)).json(), (await ask(gateway, order)).json()
    assert first["saga_id"] != second["saga_id"]
    assert first["correlation_id"] != second["correlation_id"]


async def test_a_correlation_id_in_the_data_counts_as_the_steps_read_it(gateway):
    data = {**PARTNER, "correlation_id": f"c-{uuid4().hex}"}
    first = (await ask(gateway, {"partner_data": data})).json()
    again = (await ask(gateway, {"partner_data": data})).json()
    assert first == again
    assert first["correlation_id"] == data["correlation_id"]


async def test_one_correlation_id_of_two_tenants_is_two_sagas(gateway):
    order = an_order()
    mine, yours = (await ask(gateway, order)).json(), (await ask(gateway, order, "other")).json()
    assert mine["saga_id"] != yours["saga_id"]


async def test_another_body_is_a_conflict_also_when_the_note_is_gone(gateway):
    order = an_order()
    await ask(gateway, order)
    await gateway.project()
    other = {**order, "partner_data": {**PARTNER, "nombre": "Other"}}
    assert (await ask(gateway, other)).status_code == 409
    await gateway.ground.starts._starts.delete_many({})  # as its time does
    refused = await ask(gateway, other)
    assert (refused.status_code, refused.json()["codigo"]) == (409, "CORRELATION_ID_REUSED")
    assert (await ask(gateway, order)).status_code == 202


async def test_a_note_is_kept_for_a_day(gateway):
    begun = (await ask(gateway, an_order())).json()
    (note,) = await gateway.ground.starts.find("default", begun["saga_id"])
    assert note["expires_at"] - note["noted_at"] == KEPT == timedelta(hours=24)


async def test_a_start_that_was_noted_but_not_published_is_published_by_its_repeat(gateway):
    """As after kill -9 between the two: the same bytes, so that one id never has two bodies."""
    order = an_order()
    begun = (await ask(gateway, order)).json()
    starts = gateway.ground.starts._starts
    (sent,) = published(gateway, order["correlation_id"])
    form = {
        "event_id": dict(sent.headers)["ce_id"].decode(), "topic": sent.topic, "key": sent.key,
        "value": sent.value, "headers": [[name, value] for name, value in sent.headers],
    }  # fmt: skip
    unsent = {"$set": {"sent": False, "message": form}, "$unset": {"saga": ""}}
    await starts.update_one({"_id": begun["saga_id"]}, unsent)
    assert (await ask(gateway, order)).json() == begun
    first, second = published(gateway, order["correlation_id"])
    assert (first.value, first.headers) == (second.value, second.headers)


@pytest.mark.parametrize("quoted", ['"{}"', "{}"])
async def test_an_idempotency_key_makes_a_repeat_the_same_saga(gateway, quoted):
    order, key = {"partner_data": PARTNER}, str(uuid4())
    first = await ask(gateway, order, **{"Idempotency-Key": quoted.format(key)})
    again = await ask(gateway, order, **{"Idempotency-Key": key})
    assert first.json() == again.json()
    assert len(published(gateway, first.json()["correlation_id"])) == 1
    other = await ask(gateway, {"partner_data": {}}, **{"Idempotency-Key": key})
    assert (other.status_code, other.json()["codigo"]) == (422, "KEY_REUSED")


@pytest.mark.parametrize("key", ["", '"', "two words", "x" * 201, "ñ"])
async def test_a_malformed_idempotency_key_is_refused(gateway, key):
    answer = await ask(gateway, {"partner_data": {}}, **{"Idempotency-Key": key.encode()})
    assert (answer.status_code, answer.json()["codigo"]) == (400, "INVALID_IDEMPOTENCY_KEY")


async def test_a_request_with_a_key_that_still_runs_is_told_so_until_its_time_is_over(gateway):
    order, key = {"partner_data": PARTNER}, str(uuid4())
    begun = (await ask(gateway, order, **{"Idempotency-Key": key})).json()
    starts = gateway.ground.starts._starts
    (sent,) = published(gateway, begun["correlation_id"])
    form = {
        "event_id": dict(sent.headers)["ce_id"].decode(), "topic": sent.topic, "key": sent.key,
        "value": sent.value, "headers": [[name, value] for name, value in sent.headers],
    }  # fmt: skip
    await starts.update_one({"_id": begun["saga_id"]}, {"$set": {"sent": False, "message": form}})
    running = await ask(gateway, order, **{"Idempotency-Key": key})
    assert (running.status_code, running.json()["codigo"]) == (409, "STILL_RUNNING")
    gateway.clock.ahead += timedelta(seconds=gateway.ground.settings.gateway_answer_seconds + 1)
    try:
        assert (await ask(gateway, order, **{"Idempotency-Key": key})).json() == begun
    finally:
        gateway.clock.ahead = timedelta(0)


@pytest.mark.parametrize(
    "data", [{}, {"nombre": 7}, {"email": None, "x": [{}]}, {"partner_id": "a b"}]
)
async def test_whatever_stands_in_partner_data_is_taken_and_the_steps_say_no(gateway, data):
    begun = await ask(gateway, {"partner_data": data})
    assert begun.status_code == 202
    await gateway.play()
    await gateway.project()
    (saga,) = await gateway.ground.sagas.find("default", begun.json()["saga_id"])
    assert (saga["status"], saga["failure"]["code"]) == ("FAILED", "INVALID_PARTNER_DATA")


async def test_right_after_the_answer_the_status_is_what_the_projection_will_tell(gateway):
    begun = (await ask(gateway, an_order())).json()
    async with gateway.client(await gateway.key()) as client:
        url = f"/sagas/{begun['saga_id']}/status"
        noted = (await client.get(url)).json()
        assert noted["status"] == "INITIATED"
        await gateway.project()
        assert (await client.get(url)).json() == noted


class ProjectedInBetween:
    """A store that has seen nothing yet when it is asked first, and all when it is asked again."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self._sagas = gateway, gateway.ground.sagas

    async def find(self, *_asked: object) -> list:
        await self._gateway.project()
        return []

    async def read_sagas(self, saga_ids: list) -> dict:
        return await self._sagas.read_sagas(saga_ids)


@pytest.mark.parametrize("id_", ["saga_id", "partner_id", "correlation_id"])
async def test_a_saga_that_is_projected_while_it_is_looked_for_is_found(gateway, id_):
    begun = (await ask(gateway, an_order())).json()
    ground = replace(gateway.ground, sagas=ProjectedInBetween(gateway))
    assert [one.saga["saga_id"] for one in await found(ground, "default", begun[id_])] == [
        begun["saga_id"]
    ]


async def test_a_route_that_takes_starts_says_that_it_has_no_get(gateway):
    async with gateway.client(await gateway.key("viewer")) as client:
        told = await client.get("/sagas/partner-onboarding")
    assert (told.status_code, told.headers["allow"]) == (405, "POST")
    assert told.json()["codigo"] == "NO_SUCH_METHOD"
