"""Lists over HTTP: what they are asked for, page by page, and what they refuse."""

from uuid import uuid4

import pytest
from gateway_given import PARTNER, Gateway

COUNT = 7


@pytest.fixture(scope="module")
async def portal(gateway: Gateway):
    """A client of a tenant with some sagas that have ended, and one that has not."""
    client = gateway.client(await gateway.key("admin", f"t-{uuid4().hex[:8]}"))
    for n in range(COUNT):
        data = {**PARTNER, "email": f"p{n}-{uuid4().hex}@example.com"}
        if n % 2:
            data["tipo_partner"] = "INDIVIDUAL"  # who may not have the contract that is asked for
        await client.post("/sagas/partner-onboarding", json={"partner_data": data})
    await gateway.play()
    await client.post("/sagas/partner-onboarding", json={"partner_data": PARTNER})
    await gateway.project()
    return client


async def listed(portal, **query) -> list[dict]:
    """All pages of a list."""
    sagas: list[dict] = []
    while True:
        answer = await portal.get("/sagas", params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        sagas += page["sagas"]
        if page["next"] is None:
            return sagas
        query["cursor"] = page["next"]


@pytest.mark.parametrize("limit", [1, 3, COUNT + 1, 200])
@pytest.mark.parametrize("query", [{}, {"sort": "started"}, {"journey": "partner-onboarding"}])
async def test_page_by_page_a_list_has_every_saga_once(portal, limit: int, query: dict):
    sagas = await listed(portal, limit=limit, **query)
    assert len(sagas) == len({one["saga_id"] for one in sagas}) == COUNT + 1


async def test_each_filter_leaves_out_what_is_not_wanted(portal):
    everything = await listed(portal)
    for field, name in (("status", "status"), ("current_step", "step")):
        for value in {one[field] for one in everything if one[field]}:
            wanted = [one["saga_id"] for one in everything if one[field] == value]
            told = [one["saga_id"] for one in await listed(portal, **{name: value})]
            assert sorted(told) == sorted(wanted)
    failed = [one for one in everything if one["failure"]]
    code = failed[0]["failure"]["code"]
    assert len(await listed(portal, failure_code=code)) == len(failed)
    assert await listed(portal, overdue=True) == []
    first = min(one["initiated_at"] for one in everything)
    assert len(await listed(portal, started_until=first)) == 0
    assert len(await listed(portal, started_from=first)) == COUNT + 1
    text = everything[0]["saga_id"][:8]
    assert everything[0] in await listed(portal, text=text)


@pytest.mark.parametrize(
    "query",
    [
        {"nope": "1"}, {"statsu": "FAILED"}, {"status": ["FAILED", "COMPLETED"]},
        {"status": "completed"}, {"step": "payment"}, {"journey": "x"}, {"failure_code": "no"},
        {"limit": 0}, {"limit": 201}, {"updated_from": "yesterday"}, {"updated_until": "0.5"},
        {"text": "ab"}, {"text": "abc", "status": "FAILED"}, {"sort": "updated", "journey": "partner-creation"},
        {"sort": "started", "status": "FAILED"}, {"sort": "updated", "started_from": "2026-01-01T00:00:00Z"},
        {"sort": "started", "overdue": True},
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_for_is_refused_and_told(portal, query: dict):
    answer = await portal.get("/sagas", params=query)
    assert (answer.status_code, answer.json()["codigo"]) == (422, "INVALID_REQUEST")
    assert "nope" not in answer.text
    assert "statsu" not in answer.text


async def test_a_cursor_of_another_list_is_refused(portal):
    page = (await portal.get("/sagas", params={"limit": 1})).json()
    answer = await portal.get("/sagas", params={"status": "FAILED", "cursor": page["next"]})
    assert (answer.status_code, answer.json()["codigo"]) == (400, "INVALID_CURSOR")


async def test_the_audit_refuses_what_it_does_not_know(portal):
    assert (await portal.get("/audit", params={"whom": "x"})).status_code == 422
    assert (await portal.get("/audit", params={"what": "saga.start"})).status_code == 200
