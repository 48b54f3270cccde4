"""Dead letters and parked steps on pages: seen masked, by their own tenant, by who may."""

import json
import time

import pytest
from dashboard_given import hidden, logged_in
from dead_letters_given import (
    BROKEN,
    LETTERS,
    SECRET,
    STARTS,
    acted,
    admin,
    poisoned,
    starts,
    tenant,
    the_id,
)
from gateway_given import Gateway

from contracts.envelope import Message
from contracts.reading import Reader
from services.gateway.dashboard.letter_reading import ALL, Told
from services.letters.letter import letters_in

__all__ = ["admin", "tenant"]
GOES_ON = {"HX-Request": "true"}


async def test_letters_are_listed_in_groups_and_shown_without_what_is_personal(
    gateway: Gateway, tenant, admin
):
    await poisoned(gateway, tenant, 2)
    listed = (await admin.get(LETTERS)).text
    assert "these of registration, INVALID_JSON" in listed
    some = (await admin.get(LETTERS, params={"service": "registration"})).text
    one = some.split(f'class="id" href="{LETTERS}/')[1].partition("?")[0]
    shown = (await admin.get(f"{LETTERS}/{one}")).text
    assert f"({len(BROKEN)} bytes that are not JSON)" in shown
    for text in (listed, some, shown):
        assert SECRET not in text


@pytest.mark.parametrize(
    "headers",
    [
        (("content-type", b"application/cloudevents+json"), ("ce_type", b"x")),
        (),
        (("Content-Type", b"application/json"),),
        (("ce_tenantid", b"default"),),  # the value counts
    ],
    ids=["structured", "made by hand", "of another content type", "of two tenants"],
)
async def test_a_letter_whose_tenant_stands_in_what_nobody_could_read_is_nobodys_here(
    gateway: Gateway, headers
):
    """Another tenant's start in structured mode must not be shown to the default one."""
    value = {
        "specversion": "1.0", "id": "1", "source": "/erp", "tenantid": "acme", "data": SECRET,
        "type": "com.hexabuilders.onboarding.PartnerOnboardingInitiated.v1",
    }  # fmt: skip
    await gateway.world.publish(Message("m", STARTS, b"k", json.dumps(value).encode(), headers))
    await gateway.play()
    letters = letters_in((await gateway.ground.letters.heads()).records, Reader())
    assert {one.tenant_id for one in letters if one.error_class == "INVALID_DATA"} == {""}
    of_default = await logged_in(gateway, "admin", "default")
    listed = await of_default.get(LETTERS, params={"state": "all", "class": "INVALID_DATA"})
    assert "onboarding dlq list</code> shows those too" in listed.text
    assert 'id="letter-' not in listed.text


async def test_nobody_sees_or_touches_letters_of_another_tenant(gateway: Gateway, tenant, admin):
    await poisoned(gateway, tenant)
    id_ = await the_id(admin)
    plan = await admin.get(f"{LETTERS}/act", params={"what": "redriven", "id": id_})
    other = await logged_in(gateway, "admin", f"{tenant}-other")
    assert "Nothing waits for a person" in (await other.get(LETTERS)).text
    for path in (f"{LETTERS}/{id_}", f"{LETTERS}/{id_}/edit"):
        assert (await other.get(path)).status_code == 404
    own = hidden((await other.get(LETTERS)).text)
    form = {**hidden(plan.text), **own, "reason": "x"}
    assert (await other.post(f"{LETTERS}/act", data=form)).status_code == 409
    assert len(starts(gateway, tenant)) == 1
    begun = await admin.post(f"{LETTERS}/act", data={**hidden(plan.text), "reason": "x"})
    await gateway.ground.deeds.all_ended()
    assert (await other.get(begun.headers["location"])).status_code == 404


async def test_a_page_that_goes_on_shows_no_less_than_what_somebody_has_seen(
    gateway: Gateway, tenant, admin
):
    assert 'id="letter-' not in (await admin.get(LETTERS, headers=GOES_ON)).text
    await poisoned(gateway, tenant)
    path = f"{LETTERS}/{await the_id(admin)}"
    assert (await admin.get(path)).status_code == 200
    assert (await admin.get(path, headers=GOES_ON)).status_code == 200
    assert 'id="letter-' in (await admin.get(LETTERS, headers=GOES_ON)).text
    assert "All 1 were redriven" in await acted(admin, gateway, "redriven")
    for headers in ({}, GOES_ON):
        assert "redriven" in (await admin.get(path, headers=headers)).text


async def test_a_letter_that_another_gateway_has_shown_is_there(gateway: Gateway, tenant, admin):
    await poisoned(gateway, tenant)
    path = f"{LETTERS}/{await the_id(admin)}"
    gateway.ground.letters_lately.know(ALL, Told([], is_all=True), time.monotonic() - 1)
    assert (await admin.get(path, headers=GOES_ON)).status_code == 200
    assert (await admin.get(f"{LETTERS}/none", headers=GOES_ON)).status_code == 404


async def test_an_operator_redrives_and_does_not_see_what_is_personal(gateway: Gateway, tenant):
    operator = await logged_in(gateway, "operator", tenant)
    await poisoned(gateway, tenant)
    path = f"{LETTERS}/{await the_id(operator)}"
    assert "needs the scope <code>pii:read</code>" in (await operator.get(path)).text
    assert (await operator.get(f"{path}/edit")).status_code == 403
    assert "All 1 were redriven" in await acted(operator, gateway, "redriven")


async def test_a_viewer_looks_and_is_offered_nothing(gateway: Gateway, tenant):
    await poisoned(gateway, tenant)
    viewer = await logged_in(gateway, "viewer", tenant)
    path = f"{LETTERS}/{await the_id(viewer)}"
    for text in ((await viewer.get(LETTERS)).text, (await viewer.get(path)).text):
        assert "Redrive…" not in text
    form = {**hidden((await viewer.get(LETTERS)).text), "what": "redriven", "reason": "x"}
    told = await viewer.post(f"{LETTERS}/act", data=form)
    assert (told.status_code, "dlq:write" in told.text) == (403, True)


async def test_what_a_producer_wrote_into_a_letter_stands_there_as_text(
    gateway: Gateway, tenant, admin
):
    evil = "<script>alert(1)</script>"
    headers = (
        ("ce_id", evil.encode()),
        ("ce_sagaid", evil.encode()),
        ("ce_type", evil.encode()),
        (evil, b"x"),
        ("ce_tenantid", tenant.encode()),
    )
    await gateway.world.publish(Message("m", STARTS, evil.encode(), evil.encode(), headers))
    await gateway.play()
    for path in (LETTERS, f"{LETTERS}/{await the_id(admin)}"):
        assert "<script>alert" not in (await admin.get(path)).text


async def test_the_names_of_headers_that_are_not_ours_are_hidden_too(
    gateway: Gateway, tenant, admin
):
    headers = (
        ("ce_type", b"x"),
        ("ce_tenantid", tenant.encode()),
        ("ce_subject", b"Juan Perez"),
        ("ce_id", b"+34600111222"),
        ("ce_data_base64", b"SnVhbg"),
        ("ce_nombre", b"Juan"),
        ("ce_telefono", b"+34600111222"),
        ("juan@example.com", b"x"),
    )
    await gateway.world.publish(Message("m", STARTS, b"k", BROKEN, headers))
    await gateway.play()
    shown = (await admin.get(f"{LETTERS}/{await the_id(admin)}")).text
    assert tenant in shown
    assert "4 more" in shown
    for personal in ("Juan", "nombre", "34600111222", "juan@example.com", "SnVhbg"):
        assert personal not in shown


@pytest.mark.parametrize("deep", [0, 200, 1_000])
async def test_a_value_that_no_browser_bears_is_told_by_its_size(
    gateway: Gateway, tenant, admin, deep
):
    """Indented, each of its lines would be as long as it is deep."""
    value = b"[" * deep + b'{"a": [' + b"1," * 20_000 + b"1]}" + b"]" * deep
    headers = (("ce_type", b"x"), ("ce_tenantid", tenant.encode()))
    await gateway.world.publish(Message("m", STARTS, b"k", value, headers))
    await gateway.play()
    shown = await admin.get(f"{LETTERS}/{await the_id(admin)}")
    assert f"({len(value)} bytes" in shown.text
    assert len(shown.content) < 20_000


async def test_when_kafka_is_away_the_page_says_so(gateway: Gateway, admin):
    gateway.ground.letters.broken = True
    try:
        told = await admin.get(LETTERS)
    finally:
        gateway.ground.letters.broken = False
    assert (told.status_code, "did not tell of the dead letters" in told.text) == (503, True)
