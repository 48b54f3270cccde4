"""Who may look at which page: as the table of docs/rest.md says, by the session of a log-in."""

import re
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from access_table import CALLERS, Row, written
from dashboard_given import browser, hidden, log_in, logged_in
from gateway_given import PARTNER, Gateway

from services.gateway.dashboard.sessions import LASTS
from services.gateway.key_ring import FRESH
from services.gateway.keys import id_in
from services.gateway.roles import ROLES

PAGES = [one for one in written() if one.is_page]
CLOSED = [one for one in PAGES if one.scope]
NEEDED = {"/dashboard/letters/act": {"what": "redriven"}}


async def asked(who: httpx.AsyncClient, one: Row, id_: str = "nobody-has-it") -> httpx.Response:
    path = re.sub(r"\{[\w:]+\}", id_, one.path)
    if one.method == "GET":
        return await who.get(path, params=NEEDED.get(one.path))
    overview = await who.get("/dashboard")
    form = hidden(overview.text) if overview.status_code == 200 else {}
    needed = NEEDED.get(one.path, {})
    return await who.post(path, data={**form, **needed, "reason": "why", "typed": id_})


@pytest.fixture(scope="module")
async def people(gateway: Gateway) -> dict[str, httpx.AsyncClient]:
    """A browser for each caller, by its name."""
    told = {role: await logged_in(gateway, role) for role in ROLES}
    return {**told, "no key": browser(gateway)}


def test_no_page_is_open_but_the_log_in_and_what_it_is_made_of():
    assert {one.path for one in PAGES if not one.scope} == {
        "/dashboard/login",
        "/dashboard/logout",
        "/dashboard/static/{name:path}",
    }


@pytest.mark.parametrize("one", CLOSED, ids=str)
async def test_each_role_sees_what_the_table_says(people, one: Row):
    for caller, may in zip(CALLERS, one.may, strict=True):
        told = await asked(people[caller], one)
        if may == "yes":
            assert told.status_code in (200, 404, 409), (caller, told.text)  # there is nothing
        elif caller == "no key":
            assert told.status_code == 303
            assert told.headers["location"].startswith("/dashboard/login?next=/dashboard")
        else:
            assert told.status_code == 403, (caller, told.text)


@pytest.mark.parametrize("one", CLOSED, ids=str)
async def test_a_live_part_without_a_session_is_told_so_and_led_nowhere(gateway, one: Row):
    who = browser(gateway)
    who.headers["HX-Request"] = "true"
    assert (await asked(who, one)).status_code == 401


@pytest.mark.parametrize("one", [row for row in CLOSED if "{any_id}" in row.path], ids=str)
async def test_to_another_tenant_a_saga_is_as_one_that_nobody_has(gateway: Gateway, one: Row):
    owner = gateway.client(await gateway.key("admin", "acme"))
    order = {"partner_data": PARTNER, "correlation_id": f"corr-{uuid4()}"}
    begun = (await owner.post("/sagas/partner-onboarding", json=order)).json()
    await gateway.project()
    other = await logged_in(gateway, "admin", "umbrella")
    for id_ in (begun["saga_id"], begun["correlation_id"], "nobody-has-it"):
        told = await asked(other, one, id_)
        assert told.status_code == 404
        assert begun["saga_id"] not in told.text
    found = await other.get("/dashboard/find", params={"id": begun["saga_id"]})
    assert found.status_code == 404


async def test_links_and_forms_that_a_role_may_not_use_are_not_shown(gateway: Gateway):
    client = gateway.client(await gateway.key("operator"))
    order = {"partner_data": PARTNER, "correlation_id": f"corr-{uuid4()}"}
    saga_id = (await client.post("/sagas/partner-onboarding", json=order)).json()["saga_id"]
    await gateway.project()
    seen = {}
    for role in ROLES:
        who = await logged_in(gateway, role)
        undo = (await who.get(f"/dashboard/sagas/{saga_id}/undo")).text
        audit = (await who.get("/dashboard")).text
        seen[role] = ("Undo all of it" in undo, "/dashboard/audit" in audit)
    assert seen == {"viewer": (False, False), "operator": (True, False), "admin": (True, True)}


async def test_machines_are_shown_to_those_who_may_act(gateway: Gateway):
    seen = {
        role: "Instances"
        in (await (await logged_in(gateway, role)).get("/dashboard/services")).text
        for role in ROLES
    }
    assert seen == {"viewer": False, "operator": True, "admin": True}


async def test_who_tries_what_he_may_not_is_in_the_audit(gateway: Gateway):
    tenant = f"t-{uuid4().hex[:8]}"
    viewer = await logged_in(gateway, "viewer", tenant)
    assert (await viewer.post("/dashboard/sagas/x/undo", data={})).status_code == 403
    told = (await (await logged_in(gateway, "admin", tenant)).get("/dashboard/audit")).text
    assert "SCOPE_MISSING" in told
    assert "saga.compensate" in told


async def test_a_session_ends_with_its_time(gateway: Gateway):
    who = await logged_in(gateway)
    assert (await who.get("/dashboard")).status_code == 200
    gateway.clock.ahead = LASTS + timedelta(seconds=1)
    try:
        assert (await who.get("/dashboard")).status_code == 303
    finally:
        gateway.clock.ahead = timedelta(0)


async def test_a_session_ends_with_its_key(gateway: Gateway):
    key, who = await gateway.key("viewer"), browser(gateway)
    await log_in(who, key)
    await gateway.keys.revoke(id_in(key) or "", gateway.clock())
    gateway.clock.ahead = FRESH
    try:
        assert (await who.get("/dashboard")).status_code == 303
    finally:
        gateway.clock.ahead = timedelta(0)


async def test_an_api_key_alone_opens_no_page(gateway: Gateway):
    told = await gateway.client(await gateway.key("admin")).get("/dashboard")
    assert told.status_code == 303
