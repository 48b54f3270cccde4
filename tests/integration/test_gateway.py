"""The gateway as a process on real servers: what it accepted is there, once, whatever dies."""

import asyncio
import json
import signal
from collections import Counter
from functools import partial
from uuid import uuid4

import httpx
import pytest
from over_http import Portal, an_order, ended, portal, streamed, why_named

from tests.conftest import RealServers
from tests.integration.polling import until

STARTS, AT_ONCE = 200, 16
INITIATED = "PartnerOnboardingInitiated"


@pytest.fixture(scope="module")
async def shared(real_servers: RealServers, tmp_path_factory: pytest.TempPathFactory):
    """Two gateways beside all services."""
    folder = tmp_path_factory.mktemp("gateway")
    prefix = f"t{uuid4().hex[:10]}-"
    async with portal(real_servers.kafka, real_servers.mongo, prefix, folder, gateways=2) as one:
        yield one


async def test_the_payload_of_real_producers_completes(shared: Portal):
    answer = await shared.start()
    assert answer.status_code == 202
    begun = answer.json()
    assert set(begun) == {"partner_id", "saga_id", "correlation_id", "status"}
    assert answer.headers["location"] == f"/sagas/{begun['saga_id']}/status"
    saga = await ended(shared, begun["partner_id"])
    assert (saga["status"], saga["correlation_id"]) == ("COMPLETED", begun["correlation_id"])


async def test_whoever_was_told_yes_finds_the_saga_at_once_at_either_gateway(shared: Portal):
    for gateway in (0, 1):
        begun = (await shared.start(gateway)).json()
        for any_id in begun["saga_id"], begun["partner_id"], begun["correlation_id"]:
            saga = await shared.status(any_id, 1 - gateway)
            assert saga["saga_id"] == begun["saga_id"]


async def test_a_repeat_is_the_same_saga_and_another_body_a_conflict(shared: Portal):
    order = an_order()
    answers = await asyncio.gather(
        *(shared.http[n % 2].post("/sagas/partner-onboarding", json=order) for n in range(8))
    )
    assert {one.status_code for one in answers} == {202}
    assert len({one.json()["saga_id"] for one in answers}) == 1
    other = {**order, "partner_data": {**order["partner_data"], "nombre": "Other"}}
    refused = await shared.http[1].post("/sagas/partner-onboarding", json=other)
    assert (refused.status_code, refused.json()["codigo"]) == (409, "CORRELATION_ID_REUSED")
    saga_id = answers[0].json()["saga_id"]
    await ended(shared, saga_id)
    events = [one for one in await shared.system.events() if one.header("ce_sagaid") == saga_id]
    bodies = {one.value for one in events if one.header("ce_type").endswith(f"{INITIATED}.v1")}
    assert len(bodies) == 1


async def test_an_idempotency_key_stands_in_for_a_correlation_id(shared: Portal):
    order, headers = an_order(), {"Idempotency-Key": f'"{uuid4()}"'}
    del order["correlation_id"]

    async def ask(body: dict, gateway: int = 0) -> httpx.Response:
        http = shared.http[gateway]
        return await http.post("/sagas/partner-onboarding", json=body, headers=headers)

    first, again = await ask(order), await ask(order, 1)
    assert first.json() == again.json()
    order["partner_data"]["nombre"] = "Other"
    other = await ask(order)
    assert (other.status_code, other.json()["codigo"]) == (422, "KEY_REUSED")


async def test_what_steps_say_no_to_ends_as_they_say(shared: Portal):
    begun = (await shared.start(email="no address")).json()
    saga = await ended(shared, begun["saga_id"])
    assert (saga["status"], saga["failure"]["code"]) == ("FAILED", "INVALID_PARTNER_DATA")
    refused = await shared.first.post(
        f"/sagas/{begun['saga_id']}/compensate", json={"reason": "why not"}
    )
    assert (refused.status_code, refused.json()["codigo"]) == (409, "NOTHING_TO_UNDO")


async def test_a_completed_saga_is_undone_when_a_person_asks(shared: Portal):
    begun = (await shared.start()).json()
    await ended(shared, begun["saga_id"])
    asked = await shared.first.post(
        f"/sagas/{begun['partner_id']}/compensate", json={"reason": "the partner withdrew"}
    )
    assert asked.status_code == 202

    async def undone() -> bool:
        return (await shared.status(begun["saga_id"]))["status"] == "COMPENSATED"

    await until("it is undone", undone)
    acts = (await shared.first.get("/audit", params={"saga_id": begun["saga_id"]})).json()["acts"]
    assert [(one["what"], one["outcome"]) for one in acts] == [
        ("saga.compensate", "done"),
        ("saga.start", "done"),
    ]
    assert acts[0]["reason"] == "the partner withdrew"


async def test_why_a_saga_waits_is_told_with_its_cause_and_when_it_is_over(shared: Portal):
    supervisor = shared.system.stack.supervisor
    await supervisor.stop("documents")
    try:
        begun = (await shared.start()).json()
        told = await until("documents is named", partial(why_named, shared, begun))
        assert told["service"] == "documents"
    finally:
        await supervisor.start("documents")
    assert (await ended(shared, begun["saga_id"]))["status"] == "COMPLETED"
    over = (await shared.first.get(f"/sagas/{begun['saga_id']}/why")).json()
    assert (over["cause"], over["sure"]) == ("completed", True)


async def test_several_sagas_of_a_partner_are_listed_and_the_newest_has_the_status(shared: Portal):
    partner = f"p-{uuid4().hex[:12]}"
    ids = [(await shared.start(partner_id=partner)).json()["saga_id"] for _ in range(2)]
    for one in ids:
        await ended(shared, one)
    assert (await shared.status(partner))["saga_id"] == ids[1]
    several = await shared.first.get(f"/sagas/{partner}")
    assert several.status_code == 409
    assert {one["saga_id"] for one in several.json()["sagas"]} == set(ids)


async def test_the_status_of_before_is_not_sent_again(shared: Portal):
    begun = (await shared.start()).json()
    await ended(shared, begun["saga_id"])
    url = f"/sagas/{begun['saga_id']}/status"

    async def is_not_sent_again() -> bool:
        """The last step says two words, and the second may be projected in between."""
        first = await shared.first.get(url)
        again = await shared.first.get(url, headers={"If-None-Match": first.headers["etag"]})
        return (again.status_code, again.content) == (304, b"")

    await until("a status that stands", is_not_sent_again)


async def test_a_stream_tells_events_as_they_come_and_goes_on_after_a_break(shared: Portal):
    begun = (await shared.start()).json()
    ids = await streamed(shared, begun["saga_id"], 7)
    assert len(set(ids)) == 7
    await ended(shared, begun["saga_id"])
    timeline = (await shared.first.get(f"/sagas/{begun['saga_id']}/timeline")).json()
    assert set(ids) == {one["event_id"] for one in timeline["events"]}
    rest = await streamed(shared, begun["saga_id"], 1, last=ids[3])
    assert rest[0] in ids
    assert rest[0] != ids[3]


async def test_personal_data_is_masked_and_whoever_sees_it_stands_in_the_audit(shared: Portal):
    order = an_order()
    begun = (await shared.first.post("/sagas/partner-onboarding", json=order)).json()
    await ended(shared, begun["saga_id"])
    url, email = f"/sagas/{begun['saga_id']}/timeline", order["partner_data"]["email"]
    assert email not in (await shared.first.get(url)).text
    assert email in (await shared.first.get(url, params={"unmasked": True})).text
    acts = (await shared.first.get("/audit", params={"saga_id": begun["saga_id"]})).json()["acts"]
    assert acts[0]["what"] == "pii.read"


async def test_the_health_of_the_whole_names_every_service(shared: Portal):
    async def well() -> bool:
        return (await shared.first.get("/sagas/health")).json()["status"] == "pass"

    await until("all is well", well)
    told = (await shared.first.get("/sagas/health")).json()
    assert set(told["checks"]) == {
        "kafka", "mongo", "registration", "contract", "documents", "campaigns", "recruitment",
        "saga-state", "gateway",
    }  # fmt: skip
    assert told["checks"]["gateway"]["instances"] == 2

    async def missed() -> bool:
        checks = (await shared.first.get("/sagas/health")).json()["checks"]
        return checks["campaigns"]["status"] == "fail"

    await shared.system.stack.supervisor.stop("campaigns")
    try:
        await until("it is missed", missed)
    finally:
        await shared.system.stack.supervisor.start("campaigns")


async def test_a_gateway_that_is_killed_loses_no_start_and_makes_none_twice(shared: Portal):
    """Whoever is not told yes asks again, of the other gateway if need be."""
    orders = [an_order() for _ in range(STARTS)]
    accepted: dict[str, str] = {}
    gate = asyncio.Semaphore(AT_ONCE)

    async def insist(number: int, order: dict) -> None:
        async with gate:
            turn = number
            while order["correlation_id"] not in accepted:
                turn += 1
                try:
                    http = shared.http[turn % 2]
                    answer = await http.post("/sagas/partner-onboarding", json=order)
                except httpx.TransportError:
                    continue
                if answer.status_code == 202:
                    accepted[order["correlation_id"]] = answer.json()["saga_id"]

    async def kill() -> None:
        async def some() -> bool:
            return len(accepted) > STARTS // 4

        await until("some were accepted", some)
        shared.system.stack.supervisor.kill("gateway-2", signal.SIGKILL)

    await asyncio.gather(kill(), *(insist(*one) for one in enumerate(orders)))
    assert len(set(accepted.values())) == STARTS
    wanted = list(accepted)
    await shared.system.completed(STARTS, correlation_id={"$in": wanted})
    sagas = await shared.system.sagas(correlation_id={"$in": wanted})
    assert Counter(one["correlation_id"] for one in sagas) == Counter(wanted)
    ids = {one["_id"] for one in sagas}
    events = [one for one in await shared.system.events() if one.header("ce_sagaid") in ids]
    contracts = [one for one in events if one.header("ce_type").endswith("ContractCreated.v1")]
    numbers = {json.loads(one.value)["contract"]["number"] for one in contracts}
    assert len(numbers) == STARTS, "one effect of each"
    bodies = {one.value for one in events if one.header("ce_type").endswith(f"{INITIATED}.v1")}
    assert len(bodies) == STARTS, "one body under each id"
    await shared.system.stack.supervisor.wait_ready("gateway-2")
