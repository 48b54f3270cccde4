"""What explains a saga over HTTP: the plan of its undoing, and that exactly that plan is done."""

from uuid import uuid4

import pytest
from gateway_given import PARTNER, Gateway

from contracts.events import CompensationRequested
from contracts.topics import event_topic

REQUESTS = event_topic(CompensationRequested.__name__)


@pytest.fixture
async def completed(gateway: Gateway) -> dict:
    begun = await started(gateway)
    await gateway.play()
    await gateway.project()
    return begun


async def started(gateway: Gateway) -> dict:
    partner = {**PARTNER, "email": f"{uuid4().hex}@techsolutions.com"}
    order = {"partner_data": partner, "correlation_id": f"c-{uuid4().hex}"}
    async with gateway.client(await gateway.key()) as client:
        return (await client.post("/sagas/partner-onboarding", json=order)).json()


async def get(
    gateway: Gateway, path: str, tenant: str = "default", role: str = "viewer", **params: str
):
    async with gateway.client(await gateway.key(role, tenant)) as client:
        return await client.get(path, params=params)


async def compensate(gateway: Gateway, saga_id: str, **more: str):
    async with gateway.client(await gateway.key("operator")) as client:
        body = {"reason": "the partner withdrew", **more}
        return await client.post(f"/sagas/{saga_id}/compensate", json=body)


async def test_the_plan_names_the_steps_in_the_order_in_which_they_undo(gateway, completed):
    plan = (await get(gateway, f"/sagas/{completed['saga_id']}/undo-plan")).json()
    assert [one["step"] for one in plan["steps"]] == [
        "recruitment", "campaigns", "documents", "contract", "registration",
    ]  # fmt: skip
    assert {one["effect"] for one in plan["steps"]} == {"reversed"}
    assert (plan["status"], plan["refused"]) == ("COMPLETED", None)


async def test_the_plan_that_was_agreed_to_is_done(gateway, completed):
    plan = (await get(gateway, f"/sagas/{completed['saga_id']}/undo-plan")).json()
    told = await compensate(gateway, completed["saga_id"], plan=plan["hash"])
    assert told.status_code == 202
    await gateway.play()
    await gateway.project()
    saga = (await get(gateway, f"/sagas/{completed['saga_id']}/status")).json()
    assert saga["status"] == "COMPENSATED"


async def test_another_plan_by_now_is_a_conflict_and_nothing_is_asked(gateway):
    begun = await started(gateway)
    plan = (await get(gateway, f"/sagas/{begun['saga_id']}/undo-plan")).json()
    await gateway.play()
    await gateway.project()
    before = len(gateway.log.records(REQUESTS))
    told = await compensate(gateway, begun["saga_id"], plan=plan["hash"])
    assert (told.status_code, told.json()["codigo"]) == (409, "OTHER_PLAN")
    now = (await get(gateway, f"/sagas/{begun['saga_id']}/undo-plan")).json()
    assert told.json()["plan"] == now["hash"] != plan["hash"]
    assert len(gateway.log.records(REQUESTS)) == before


async def test_a_plan_as_if_a_step_had_failed_is_another_one(gateway, completed):
    path = f"/sagas/{completed['saga_id']}/undo-plan"
    one, other = await get(gateway, path), await get(gateway, path, failed_step="campaigns")
    assert one.json()["hash"] != other.json()["hash"]
    wrong = await get(gateway, path, failed_step="alliance")
    assert (wrong.status_code, wrong.json()["codigo"]) == (422, "INVALID_REQUEST")


@pytest.mark.parametrize("hash_", ["", "0123456789a", "0123456789AB", "x" * 12, "0" * 4000])
async def test_what_can_be_no_plan_is_refused(gateway, completed, hash_):
    told = await compensate(gateway, completed["saga_id"], plan=hash_)
    assert (told.status_code, told.json()["codigo"]) == (422, "INVALID_REQUEST")


async def test_a_saga_that_is_undone_has_a_plan_that_says_why_it_is_refused(gateway, completed):
    await compensate(gateway, completed["saga_id"])
    await gateway.play()
    await gateway.project()
    plan = (await get(gateway, f"/sagas/{completed['saga_id']}/undo-plan")).json()
    assert plan["refused"] == "it is COMPENSATED: there is nothing to undo"


@pytest.mark.parametrize("what", ["why", "undo-plan"])
async def test_the_sagas_of_others_are_not_there(gateway, completed, what):
    told = await get(gateway, f"/sagas/{completed['saga_id']}/{what}", "other")
    assert (told.status_code, told.json()["codigo"]) == (404, "SAGA_NOT_FOUND")


async def test_a_start_that_nobody_has_read_yet_is_explained_by_the_projection(gateway):
    begun = await started(gateway)
    told = await get(gateway, f"/sagas/{begun['saga_id']}/why")
    assert told.status_code == 200
    assert (told.json()["cause"], told.json()["service"]) == ("service_not_running", "saga-state")
    assert "whose start is in the log" in told.json()["sentence"]


async def test_of_machines_only_those_are_told_who_may_act(gateway):
    path = f"/sagas/{(await started(gateway))['saga_id']}/why"
    viewer, operator = await get(gateway, path), await get(gateway, path, role="operator")
    assert "process" not in {one["what"] for one in viewer.json()["evidence"]}
    assert "process" in {one["what"] for one in operator.json()["evidence"]}
