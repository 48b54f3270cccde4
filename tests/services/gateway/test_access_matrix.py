"""Who may do what: docs/rest.md has the table, and every route is asked as every caller."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.routing import iter_route_contexts
from gateway_given import PARTNER, Gateway

from services.gateway.app import make_app
from services.gateway.keys import id_in, new_secret
from services.gateway.roles import ROLES
from tests.sources import ROOT

CALLERS = ("viewer", "operator", "admin", "no key")
NOBODY = ("no key", "not a key", "unknown", "expired", "revoked")
_ROW = re.compile(r"\| ([A-Z]+) \| `([^`]+)` \| ?([a-z:]*) \| (.*) \|")
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


@dataclass(frozen=True)
class Row:
    """`may` has yes or no for each of CALLERS; no scope: the route is open."""

    method: str
    path: str
    scope: str
    may: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def written() -> list[Row]:
    text = (ROOT / "docs/rest.md").read_text()
    told = _ROW.findall(text.partition("## Who may do what")[2].partition("\n## ")[0])
    return [Row(how, path, scope, tuple(may.split(" | "))) for how, path, scope, may in told]


def scopes_of(dependant: Any) -> Iterator[str]:
    for one in dependant.dependencies if dependant else ():
        if hasattr(one.call, "scope"):
            yield one.call.scope
        yield from scopes_of(one)


def declared() -> list[Row]:
    """As the code has it. `unmasked` is the one query that takes another scope than its route."""
    rows = []
    for route in iter_route_contexts(make_app(None).routes):
        scopes = list(scopes_of(getattr(route, "dependant", None)))
        assert len(scopes) <= 1, f"{route.path} asks for several scopes"
        for method in sorted(set(route.methods or ()) - {"HEAD"}):
            rows.append(row(method, str(route.path), *scopes))
    return [*rows, row("GET", "/sagas/{any_id}/timeline?unmasked=true", "pii:read")]


def row(method: str, path: str, scope: str = "") -> Row:
    may = [scope in scopes or not scope for scopes in ROLES.values()]
    return Row(method, path, scope, tuple("yes" if one else "no" for one in (*may, not scope)))


ROWS = written()


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
    assert sorted(ROWS, key=str) == sorted(declared(), key=str)


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
