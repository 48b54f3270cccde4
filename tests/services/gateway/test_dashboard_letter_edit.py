"""A record is mended by who may see it; parked steps are redriven, parked undos resolved."""

import asyncio
import html
import json

import pytest
from dashboard_given import browser, hidden, log_in, logged_in
from dead_letters_given import (
    LETTERS,
    SECRET,
    acted,
    admin,
    parked,
    poisoned,
    starts,
    tenant,
    the_id,
    wishes,
)
from gateway_given import PARTNER, Gateway

from contracts.operator import RedriveRequested, ResolveRequested

__all__ = ["admin", "tenant"]


async def test_a_mended_record_is_looked_at_first_then_sent_and_its_saga_completes(
    gateway: Gateway, tenant, admin
):
    await poisoned(gateway, tenant)
    path = f"{LETTERS}/{await the_id(admin)}"
    opened = await admin.get(f"{path}/edit")
    assert SECRET in opened.text
    form = {**hidden(opened.text), "reason": "a type that there is", "headers": ""}
    data = {"partner_data": {**PARTNER, "email": SECRET}}
    still = await admin.post(f"{path}/edit", data={**form, "value": "[", "way": "send"})
    assert (still.status_code, "it would be set aside again" in still.text) == (422, True)
    mended = {**form, "value": json.dumps(data, indent=2)}
    looked = await admin.post(f"{path}/edit", data={**mended, "way": "look"})
    assert "It can be read now: PartnerOnboardingInitiated" in looked.text
    assert len(starts(gateway, tenant)) == 1
    assert (await admin.post(f"{path}/edit", data={**mended, "way": "send"})).status_code == 303
    await gateway.play()
    await gateway.project()
    assert await gateway.ground.sagas.counts(tenant) == {"COMPLETED": 1}
    assert "<dt>State</dt><dd>redriven</dd>" in (await admin.get(path)).text
    for what in ("pii.read", "dlq.edit"):
        acts = (await admin.get("/dashboard/audit", params={"what": what})).text
        assert acts.count('id="act-') == 1, what


async def test_a_value_is_shown_to_be_edited_byte_by_byte_and_one_that_is_no_text_is_not(
    gateway: Gateway, tenant, admin
):
    odd = b'{"partner_data": {"big": 123456789012345678901234567890, "small": 1.10}'
    await poisoned(gateway, tenant, value=odd)
    path = f"{LETTERS}/{await the_id(admin)}/edit"
    assert html.escape(odd.decode(), quote=True) in (await admin.get(path)).text.replace(
        "&#34;", "&quot;"
    )
    other = await logged_in(gateway, "admin", f"{tenant}-2")
    await poisoned(gateway, f"{tenant}-2", value=b"\xff\xfe{")
    told = await other.get(f"{LETTERS}/{await the_id(other)}/edit")
    assert (told.status_code, "its value is no text" in told.text) == (409, True)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"headers": "ce_type"}, "a line each"),
        ({"headers": "ce_tenantid=another"}, "of another tenant"),
        ({"reason": " "}, "Say why"),
        ({"value": "<script>"}, "INVALID_JSON"),
    ],
)
async def test_an_edit_that_is_wrong_is_told_and_nothing_is_sent(
    gateway: Gateway, tenant, admin, changes, told
):
    await poisoned(gateway, tenant)
    path = f"{LETTERS}/{await the_id(admin)}/edit"
    data = {"partner_data": {**PARTNER, "email": SECRET}}
    form = {**hidden((await admin.get(path)).text), "value": json.dumps(data), "reason": "mended"}
    answer = await admin.post(path, data={**form, "headers": "", "way": "send", **changes})
    assert (answer.status_code, told in answer.text) == (422, True), answer.text
    assert "<script>" not in answer.text
    assert len(starts(gateway, tenant)) == 1


async def test_a_parked_step_is_redriven_by_a_wish(gateway: Gateway, tenant, admin):
    id_ = await parked(gateway, tenant)
    assert "All 1 were redriven" in await acted(admin, gateway, "redriven", id=id_)
    (wish,) = wishes(gateway, tenant)
    assert (type(wish), wish.step, wish.requested_by) == (
        RedriveRequested,
        "campaigns",
        f"admin of {tenant}",
    )
    assert (await admin.get(f"{LETTERS}/{id_}/edit")).status_code == 409


async def test_a_parked_undo_is_resolved_by_who_did_it_by_hand(gateway: Gateway, tenant, admin):
    id_ = await parked(gateway, tenant, "undo_parked")
    form = hidden((await admin.get(f"{LETTERS}/{id_}")).text)
    path = f"{LETTERS}/{id_}/resolve"
    assert (await admin.post(path, data={**form, "reason": ""})).status_code == 422
    told = {**form, "reason": "closed the campaign by hand"}
    assert (await admin.post(path, data=told)).status_code == 303
    assert [type(one) for one in wishes(gateway, tenant)] == [ResolveRequested]
    assert (await admin.post(path, data=told)).status_code == 409
    assert len(wishes(gateway, tenant)) == 1


async def test_what_was_done_stands_in_the_audit_though_its_answer_came_too_late(
    gateway: Gateway, tenant, admin, monkeypatch
):
    id_ = await parked(gateway, tenant, "undo_parked")
    told = {**hidden((await admin.get(f"{LETTERS}/{id_}")).text), "reason": "closed by hand"}
    add, asked, go_on = gateway.ground.acts.add, asyncio.Event(), asyncio.Event()

    async def slow(act):
        asked.set()
        await go_on.wait()
        await add(act)

    monkeypatch.setattr(gateway.ground.acts, "add", slow)
    request = asyncio.create_task(admin.post(f"{LETTERS}/{id_}/resolve", data=told))
    await asked.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    go_on.set()
    await asyncio.gather(*gateway.ground.recording)
    acts = (await admin.get("/dashboard/audit", params={"what": "saga.resolve"})).text
    assert ("closed by hand" in acts, len(wishes(gateway, tenant))) == (True, 1)


@pytest.mark.parametrize("scope", ["dlq:read", "dlq:write", "pii:read"])
async def test_who_lacks_one_of_three_scopes_edits_no_letter_and_that_they_tried_is_recorded(
    gateway: Gateway, tenant, admin, scope
):
    await poisoned(gateway, tenant)
    path = f"{LETTERS}/{await the_id(admin)}/edit"
    form = {**hidden((await admin.get(path)).text), "value": "{}", "reason": "x", "headers": ""}
    who = browser(gateway)
    scopes = {"sagas:read", "dlq:read", "dlq:write", "pii:read"} - {scope}
    key = await gateway.key(None, tenant, scopes)
    assert (await log_in(who, key)).status_code == 303
    assert (await who.get(path)).status_code == 403
    own = hidden((await who.get("/dashboard")).text)
    assert (await who.post(path, data={**form, **own, "way": "send"})).status_code == 403
    what = "pii.read" if scope == "pii:read" else "dlq.edit"
    acts = (await admin.get("/dashboard/audit", params={"what": what})).text
    assert "SCOPE_MISSING" in acts


async def test_a_step_that_waits_to_be_done_cannot_be_called_undone(
    gateway: Gateway, tenant, admin
):
    id_ = await parked(gateway, tenant)
    form = hidden((await admin.get(LETTERS)).text)
    told = await admin.post(f"{LETTERS}/{id_}/resolve", data={**form, "reason": "x"})
    assert (told.status_code, wishes(gateway, tenant)) == (409, [])
