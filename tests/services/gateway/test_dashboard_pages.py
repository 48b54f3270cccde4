"""The pages: what stands on them, whatever producers send; lists, moments, acts, errors."""

import re
from dataclasses import replace
from uuid import uuid4

import httpx
import pytest
from dashboard_given import elements, logged_in, pages, started, texts
from gateway_given import PARTNER, Gateway

from saga_state.store import SagaStore
from saga_state.store import database as projection
from services.gateway.dashboard.rendering import POLICY
from services.runtime.mongo import connect

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}'`"
ELEMENTS = ("script", "img", "iframe", "object", "embed", "form", "base", "style")


async def test_every_page_is_strict_about_what_runs_on_it(gateway: Gateway, completed):
    admin = await logged_in(gateway)
    for path in pages(completed["saga_id"]):
        told = await admin.get(path)
        assert told.status_code in (200, 404), path
        assert told.headers["content-security-policy"] == POLICY
        assert told.headers["cache-control"] == "no-store"
        assert "unsafe" not in POLICY
        for one in elements(told.text, "script", "link"):
            address = one.get("src") or one.get("href") or ""
            assert address.startswith("/dashboard/static/"), path
        assert not re.search(r"<[^>]+\s(style|on\w+)=", told.text), path
        assert "<style" not in told.text


async def test_what_a_producer_controls_stands_as_text_and_nothing_else(gateway: Gateway):
    tenant = f"t-{uuid4().hex[:8]}"
    client = gateway.client(await gateway.key("admin", tenant))
    data = dict.fromkeys((*PARTNER, "pais", "direccion"), f"{HOSTILE}{'x' * 500}")
    order = {"partner_data": data, "correlation_id": HOSTILE}
    begun = (await client.post("/sagas/partner-onboarding", json=order)).json()
    await gateway.play()
    asked = {"reason": HOSTILE}
    saga_id = begun["saga_id"]
    await client.post(f"/sagas/{saga_id}/compensate", json=asked)
    await gateway.play()
    await gateway.project()
    who = await logged_in(gateway, "admin", tenant)
    kinds: dict[str, int] = {}
    for path in (*pages(saga_id), f"/dashboard/find?{httpx.QueryParams({'id': HOSTILE})}"):
        told = await who.get(path)
        assert "alert(1)" not in "".join(str(one) for one in elements(told.text, *ELEMENTS))
        assert "<script>alert" not in told.text
        assert "<img" not in told.text
        assert "49" not in [one for one in texts(told.text) if "script" in one]
        kinds[path] = told.status_code
    assert set(kinds.values()) <= {200, 303, 404}
    shown = (await who.get(f"/dashboard/sagas/{saga_id}")).text
    assert "&lt;script&gt;alert(1)" in shown


async def test_any_id_that_is_pasted_leads_to_the_saga(operator, completed):
    for name in ("saga_id", "partner_id", "correlation_id"):
        told = await operator.get("/dashboard/find", params={"id": f"  {completed[name]}\n"})
        if told.status_code == 303:
            assert told.headers["location"] == f"/dashboard/sagas/{completed['saga_id']}"
        else:
            assert completed["saga_id"] in told.text  # of a partner with several
    told = await operator.get("/dashboard/find", params={"id": completed["saga_id"][:13]})
    assert told.headers["location"] == f"/dashboard/sagas/{completed['saga_id']}"


async def test_of_several_sagas_of_an_id_all_are_listed(gateway: Gateway, operator):
    partner_id = f"p-{uuid4().hex[:8]}"
    ids = [(await started(gateway, partner_id=partner_id))["saga_id"] for _ in range(2)]
    await gateway.project()
    told = await operator.get("/dashboard/find", params={"id": partner_id})
    assert told.status_code == 200
    assert all(one in told.text for one in ids)
    told = await operator.get(f"/dashboard/sagas/{partner_id}")
    assert told.headers["location"] == f"/dashboard/find?id={partner_id}"


@pytest.mark.parametrize("text", ["nobody", "a@example.com", "x" * 2_000, "\x00", "%"])
async def test_an_id_that_nobody_has_is_said_to_be_none(operator, text: str):
    told = await operator.get("/dashboard/find", params={"id": text})
    assert told.status_code == 404
    assert "No saga, partner or correlation id" in told.text


async def test_filters_stand_in_the_address_and_empty_ones_do_not(operator, completed):
    told = await operator.get("/dashboard/sagas?status=COMPLETED&step=&failure_code=")
    assert told.headers["location"] == "/dashboard/sagas?status=COMPLETED"
    told = await operator.get("/dashboard/sagas?status=COMPLETED")
    assert completed["saga_id"] in told.text
    chosen = [one["value"] for one in elements(told.text, "option") if "selected" in one]
    assert chosen == ["COMPLETED"]
    assert completed["saga_id"] not in (await operator.get("/dashboard/sagas?status=FAILED")).text


@pytest.mark.parametrize(
    "query",
    ["status=NONE", "unknown=1", "started_from=yesterday", "text=ab", "sort=started&status=FAILED"],
)
async def test_a_filter_that_is_wrong_is_said_beside_the_form(operator, query: str):
    told = await operator.get(f"/dashboard/sagas?{query}")
    assert told.status_code in (400, 422)
    assert 'role="alert"' in told.text
    assert "Failure code" in told.text


async def test_a_list_goes_on_page_by_page(gateway: Gateway):
    tenant = f"t-{uuid4().hex[:8]}"
    ids = {(await started(gateway, tenant))["saga_id"] for _ in range(53)}
    await gateway.project()
    who = await logged_in(gateway, "viewer", tenant)
    first = (await who.get("/dashboard/sagas")).text
    link = next(one for one in elements(first, "a") if "cursor" in (one.get("href") or ""))
    second = (await who.get(link["href"] or "")).text
    seen = [re.findall(r'id="saga-([0-9a-f-]+)"', one) for one in (first, second)]
    assert [len(one) for one in seen] == [50, 3]
    assert {*seen[0], *seen[1]} == ids


async def test_the_overview_counts_what_is_of_the_tenant(gateway: Gateway):
    tenants = [f"t-{uuid4().hex[:8]}" for _ in range(2)]
    await started(gateway, tenants[0])
    await gateway.project()
    seen = []
    for tenant in tenants:
        told = (await (await logged_in(gateway, "viewer", tenant)).get("/dashboard")).text
        seen += re.findall(r'status=INITIATED"><span class="count">(\d+)<', told)
        assert "No step is later" in told
    assert seen == ["1", "0"]


async def test_the_saga_is_shown_as_it_stood_after_each_of_its_events(operator, completed):
    path = f"/dashboard/sagas/{completed['saga_id']}"
    now = (await operator.get(path)).text
    assert "COMPLETED" in next(texts(now[now.index("<h1>") :].replace("Saga ", "", 1)))
    count = len(re.findall(r'<li id="event-', now))
    statuses = []
    for at in range(1, count + 1):
        told = (await operator.get(path, params={"at": at})).text
        statuses.append(re.search(r'<h1>Saga <span class="state \w+">(\w+)', told)[1])  # type: ignore[index]
        assert (
            "hx-get" not in told[told.index('id="live"') : told.index(">", told.index('id="live"'))]
        )
    assert (statuses[0], statuses[-1]) == ("INITIATED", "COMPLETED")
    assert statuses[1:3] == ["PARTNER_REGISTERED", "CONTRACT_CREATED"]
    for wrong in (0, count + 1, "x", 10**30):
        assert (await operator.get(path, params={"at": wrong})).status_code in (404, 422)


async def test_a_saga_is_there_before_the_projection_has_seen_it(gateway: Gateway, operator):
    begun = await started(gateway)
    told = await operator.get(f"/dashboard/sagas/{begun['saga_id']}")
    assert told.status_code == 200
    assert "The start is in the log" in told.text


async def test_while_the_database_is_away_the_page_says_so_and_tries_again(
    gateway: Gateway, operator
):
    async with connect("mongodb://127.0.0.1:9/?directConnection=true", 0.2) as nobody:
        away = replace(gateway.ground, sagas=SagaStore(projection(nobody, "away-")))
        app = operator._transport.app._app  # the app within its guards
        app.state.ground = away
        try:
            told = await operator.get("/dashboard/sagas")
        finally:
            app.state.ground = gateway.ground
    assert told.status_code == 503
    assert "A server does not answer" in told.text
    assert 'data-again="5"' in told.text
    assert (await operator.get("/dashboard/sagas")).status_code == 200


async def test_files_are_kept_for_ever_under_the_address_of_their_version(operator):
    told = (await operator.get("/dashboard")).text
    addresses = [one["src"] or "" for one in elements(told, "script")]
    for one in addresses:
        file = await operator.get(one)
        assert "immutable" in file.headers["cache-control"]
        assert file.headers["content-type"].startswith("text/javascript")
        old = await operator.get(one.partition("?")[0], params={"v": "old"})
        assert old.headers["cache-control"] == "no-cache"
    for wrong in ("../saga.py", "%2e%2e/saga.py", "vendor", ""):
        assert (await operator.get(f"/dashboard/static/{wrong}")).status_code == 404
