"""Who may do what: docs/rest.md has the table, and every route is asked as every caller."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from access_table import CALLERS, Row, declared, written
from gateway_given import PARTNER, Gateway

from services.gateway.guards import Guards
from services.gateway.keys import id_in, new_secret
from services.gateway.problems import TooMany
from services.gateway.roles import ROLES

NOBODY = ("no key", "not a key", "unknown", "expired", "revoked")
CREATION = {
    "nombre": "TechSolutions Inc",
    "email": "contact@techsolutions.com",
    "telefono": "+1234567890",
    "direccion": "Calle 1",
}
BODIES = {
    "/sagas/partner-onboarding": {"partner_data": PARTNER},
    "/sagas/{any_id}/compensate": {"reason": "the partner withdrew"},
    "/api/v1/saga/partner-creation": CREATION,
    "/api/v1/saga/partners": CREATION,
}


ALL = written()
ROWS = [one for one in ALL if not one.is_page]  # of pages: test_dashboard_access.py


@pytest.fixture(scope="module")
async def keys(gateway: Gateway) -> dict[str, str | None]:
    """A key for each caller, by its name."""
    long_ago = gateway.clock() - timedelta(seconds=1)
    told: dict[str, str | None] = {role: await gateway.key(role) for role in ROLES}
    told |= {"no key": None, "not a key": "obk_1_2", "unknown": new_secret()[0]}
    told["expired"] = await gateway.key("admin", expires_at=long_ago)
    told["revoked"] = await gateway.key("admin")
    await gateway.keys.revoke(id_in(told["revoked"] or "") or "", long_ago)
    return told


def test_the_table_is_what_the_code_says():
    assert sorted(ALL, key=str) == sorted(declared(), key=str)


def test_no_route_is_open_but_health_and_the_description():
    open_ones = {one.path for one in ROWS if not one.scope}
    assert {path.split("/")[1] for path in open_ones} == {
        "docs",
        "health",
        "livez",
        "openapi.json",
        "readyz",
        "swagger",
    }


@pytest.mark.parametrize("one", [row for row in ALL if "static" not in row.path], ids=str)
async def test_what_is_asked_without_a_key_is_counted_by_address(one: Row):
    """Routes with a key count those whose key or session is wrong (access.py, visits.py)."""

    async def refuse(address: str) -> None:
        raise TooMany(address, 1)

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    guards = Guards(app, 1_000, 30, count_open=refuse)
    transport = httpx.ASGITransport(guards, client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        told = await client.request(one.method, one.path.partition("?")[0])
    assert told.status_code == (204 if one.scope else 429)
    assert one.scope or "203.0.113.9" in told.text


async def asked(gateway: Gateway, one: Row, key: str | None, id_: str = "nobody-has-it") -> Any:
    path = re.sub(r"\{\w+\}", id_, one.path)
    body = BODIES[one.path] if one.method == "POST" else None
    return await gateway.client(key).request(one.method, path, json=body)


@pytest.mark.parametrize("one", ROWS, ids=str)
async def test_each_role_may_do_what_the_table_says(gateway: Gateway, keys, one: Row):
    for caller, may in zip(CALLERS, one.may, strict=True):
        before = sum(len(part) for topic in gateway.log.topics.values() for part in topic)
        told = await asked(gateway, one, keys[caller])
        if may == "yes":
            assert told.status_code in (200, 202, 404), (caller, told.text)
            assert told.status_code != 404 or told.json()["codigo"] == "SAGA_NOT_FOUND"
            continue
        wanted = 401 if caller == "no key" else 403
        assert told.status_code == wanted, (caller, told.text)
        assert before == sum(len(part) for topic in gateway.log.topics.values() for part in topic)


@pytest.mark.parametrize("one", [row for row in ROWS if row.scope], ids=str)
async def test_a_key_that_does_not_count_is_as_none(gateway: Gateway, keys, one: Row):
    answers = [await asked(gateway, one, keys[caller]) for caller in NOBODY]
    told = [{**answer.json(), "timestamp": ""} for answer in answers]
    assert [answer.status_code for answer in answers] == [401] * len(NOBODY)
    assert all(answer.headers["WWW-Authenticate"] == "Bearer" for answer in answers)
    assert all(body == told[0] for body in told)


@pytest.mark.parametrize("one", [row for row in ROWS if "{" in row.path], ids=str)
async def test_to_another_tenant_a_saga_is_as_one_that_nobody_has(gateway: Gateway, one: Row):
    owner = gateway.client(await gateway.key("admin", "acme"))
    is_old = one.path.startswith("/api/")
    path = "/api/v1/saga/partners" if is_old else "/sagas/partner-onboarding"
    correlation_id = f"corr-{uuid4()}"
    begun = await owner.post(path, json={**BODIES[path], "correlation_id": correlation_id})
    saga_id = begun.json()["saga_id"]
    for _ in ("noted", "projected"):
        await check_hidden(gateway, one, [saga_id, correlation_id])
        await gateway.project()


async def check_hidden(gateway: Gateway, one: Row, ids: list[str]) -> None:
    other = await gateway.key("admin", "umbrella")
    none = await asked(gateway, one, other)
    for id_ in ids:
        told = await asked(gateway, one, other, id_)
        assert told.status_code == 404, told.text
        hidden = {"timestamp": "", "instance": ""}
        assert {**told.json(), **hidden} == {**none.json(), **hidden}


async def test_a_list_shows_a_tenant_its_own_sagas_only(gateway: Gateway):
    tenant = f"tenant-{uuid4().hex[:6]}"
    body = {"partner_data": PARTNER}
    client = gateway.client(await gateway.key("operator", tenant))
    saga_id = (await client.post("/sagas/partner-onboarding", json=body)).json()["saga_id"]
    await gateway.project()
    other = gateway.client(await gateway.key("admin", "umbrella"))
    own = (await client.get("/sagas")).json()["sagas"]
    assert [one["saga_id"] for one in own] == [saga_id]
    for query in ("/sagas?limit=200", f"/sagas?text={saga_id[:12]}", "/audit?limit=200"):
        assert saga_id not in (await other.get(query)).text


async def test_a_key_in_the_query_opens_nothing(gateway: Gateway, keys):
    for name in ("key", "api_key", "x-api-key", "access_token"):
        told = await gateway.client().get("/sagas", params={name: keys["admin"]})
        assert told.status_code == 401
