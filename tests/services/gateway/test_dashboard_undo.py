"""To have a saga undone on a page: what was shown and meant, by who may, and in the audit."""

import json

import httpx
import pytest
from dashboard_given import hidden, logged_in
from gateway_given import Gateway

from contracts.events import CompensationRequested
from contracts.topics import event_topic

REQUESTS = event_topic(CompensationRequested.__name__)


async def undo_form(who: httpx.AsyncClient, saga_id: str) -> dict[str, str]:
    told = await who.get(f"/dashboard/sagas/{saga_id}/undo")
    return {**hidden(told.text), "reason": "the partner withdrew", "typed": saga_id}


def requests(gateway: Gateway) -> int:
    return sum(map(len, gateway.log.topics.get(REQUESTS, [])))


async def test_an_operator_has_a_saga_undone_and_it_stands_in_the_audit(
    gateway: Gateway, operator, completed
):
    path = f"/dashboard/sagas/{completed['saga_id']}"
    told = await operator.post(f"{path}/undo", data=await undo_form(operator, completed["saga_id"]))
    assert (told.status_code, told.headers["location"]) == (303, f"{path}?asked")
    await gateway.play()
    await gateway.project()
    assert "COMPENSATED" in (await operator.get(path)).text
    admin = await logged_in(gateway)
    acts = (await admin.get("/dashboard/audit", params={"saga_id": completed["saga_id"]})).text
    assert "the partner withdrew" in acts
    assert (await operator.get(f"{path}/undo")).text.count("Undo all of it") == 0


@pytest.mark.parametrize("plan", [None, "", "0123456789A", "x" * 12, "0" * 13])
async def test_a_form_without_the_plan_that_was_shown_asks_for_nothing(
    gateway: Gateway, operator, completed, plan
):
    before = requests(gateway)
    form = await undo_form(operator, completed["saga_id"])
    form = {name: value for name, value in form.items() if name != "plan"}
    form |= {} if plan is None else {"plan": plan}
    told = await operator.post(f"/dashboard/sagas/{completed['saga_id']}/undo", data=form)
    assert told.status_code == 422
    assert "load the plan anew" in told.text
    assert requests(gateway) == before


async def test_only_the_id_of_the_saga_counts_as_typed(gateway: Gateway, operator, completed):
    before = requests(gateway)
    form = await undo_form(operator, completed["saga_id"])
    for typed in ("partner_id", "correlation_id"):
        form["typed"] = completed[typed]
        told = await operator.post(f"/dashboard/sagas/{completed['saga_id']}/undo", data=form)
        assert told.status_code == 422
    assert requests(gateway) == before


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"typed": "another"}, 422),
        ({"reason": "  "}, 422),
        ({"reason": "x" * 501}, 422),
        ({"plan": "0" * 12}, 409),
        ({"form_token": "0" * 64}, 403),
        ({"failed_step": "no-such-step"}, 422),
    ],
)
async def test_nothing_is_undone_but_what_was_shown_and_meant(
    gateway: Gateway, operator, completed, change, status
):
    before = requests(gateway)
    form = await undo_form(operator, completed["saga_id"]) | change
    told = await operator.post(f"/dashboard/sagas/{completed['saga_id']}/undo", data=form)
    assert told.status_code == status, told.text
    assert requests(gateway) == before


async def test_the_plan_as_if_a_step_had_failed_is_shown_and_asked_for(
    gateway: Gateway, operator, completed
):
    path = f"/dashboard/sagas/{completed['saga_id']}/undo"
    told = await operator.get(path, params={"failed_step": "campaigns"})
    form = {**hidden(told.text), "reason": "campaigns failed", "typed": completed["saga_id"]}
    assert form["failed_step"] == "campaigns"
    assert (await operator.post(path, data=form)).status_code == 303
    said = [one for part in gateway.log.topics[REQUESTS] for one in part]
    values = [json.loads(one.value or b"") for one in said]
    assert [one["failed_step"] for one in values if one["reason"] == "campaigns failed"] == [
        "campaigns"
    ]
