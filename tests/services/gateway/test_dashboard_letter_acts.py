"""Letters are redriven or discarded exactly as they were shown, once, and the audit tells it."""

import asyncio

import pytest
from dashboard_given import hidden
from dead_letters_given import (
    LETTERS,
    acted,
    admin,
    poisoned,
    starts,
    tenant,
    the_id,
)
from gateway_given import Gateway

__all__ = ["admin", "tenant"]


async def test_exactly_the_letters_that_were_shown_are_redriven_and_the_audit_tells_it(
    gateway: Gateway, tenant, admin
):
    await poisoned(gateway, tenant, 3)
    told = await acted(admin, gateway, "redriven", service="registration")
    assert "All 3 were redriven" in told
    assert len(starts(gateway, tenant)) == 6
    every = (await admin.get(LETTERS, params={"state": "all"})).text
    assert every.count("<td>redriven</td>") >= 3
    assert "Nothing waits for a person" in (await admin.get(LETTERS)).text
    acts = (await admin.get("/dashboard/audit", params={"what": "dlq.redrive"})).text
    assert "the cause is mended (3 of 3" in acts


async def test_what_came_back_is_left_out_until_it_is_asked_for_again(
    gateway: Gateway, tenant, admin
):
    """The smallest loop: poison, redriven, poison again."""
    await poisoned(gateway, tenant)
    await acted(admin, gateway, "redriven")
    await gateway.play()
    plan = (await admin.get(f"{LETTERS}/act", params={"what": "redriven"})).text
    assert "1 left out: redriven before" in plan
    assert "Have it done" not in plan
    assert "All 1 were redriven" in await acted(admin, gateway, "redriven", again="true")


@pytest.mark.parametrize("what", ["redriven", "discarded"])
async def test_if_a_letter_comes_in_between_nothing_is_done_and_it_is_shown(
    gateway: Gateway, tenant, admin, what
):
    await poisoned(gateway, tenant)
    plan = await admin.get(f"{LETTERS}/act", params={"what": what})
    form = {**hidden(plan.text), "reason": "mended"}
    await poisoned(gateway, tenant)
    told = await admin.post(f"{LETTERS}/act", data=form)
    assert told.status_code == 409
    assert "Letters have come or gone" in told.text
    assert "<strong>2 records</strong>" in told.text
    assert len(starts(gateway, tenant)) == 2


async def test_the_same_form_sent_twice_acts_once(gateway: Gateway, tenant, admin):
    await poisoned(gateway, tenant)
    plan = await admin.get(f"{LETTERS}/act", params={"what": "redriven"})
    form = {**hidden(plan.text), "reason": "mended"}
    assert (await admin.post(f"{LETTERS}/act", data=form)).status_code == 303
    await gateway.ground.deeds.all_ended()
    assert (await admin.post(f"{LETTERS}/act", data=form)).status_code == 409
    assert len(starts(gateway, tenant)) == 2


async def test_the_same_form_sent_twice_at_once_acts_once(gateway: Gateway, tenant, admin):
    await poisoned(gateway, tenant)
    plan = await admin.get(f"{LETTERS}/act", params={"what": "redriven"})
    form = {**hidden(plan.text), "reason": "mended"}
    told = await asyncio.gather(*(admin.post(f"{LETTERS}/act", data=form) for _ in range(4)))
    await gateway.ground.deeds.all_ended()
    assert sorted(one.status_code for one in told) == [303, 409, 409, 409]
    assert len(starts(gateway, tenant)) == 2


async def test_that_an_act_began_is_in_the_audit_before_anything_is_sent(
    gateway: Gateway, tenant, admin, monkeypatch
):
    await poisoned(gateway, tenant)
    plan = await admin.get(f"{LETTERS}/act", params={"what": "redriven"})
    form = {**hidden(plan.text), "reason": "mended"}

    async def away(_act):
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(gateway.ground.acts, "add", away)
        told = await admin.post(f"{LETTERS}/act", data=form)
    assert (told.status_code, "nothing was begun" in told.text) == (503, True)
    assert len(starts(gateway, tenant)) == 1
    assert (await admin.post(f"{LETTERS}/act", data=form)).status_code == 303
    await gateway.ground.deeds.all_ended()
    acts = (await admin.get("/dashboard/audit", params={"what": "dlq.redrive"})).text
    assert "BEGUN" in acts


async def test_an_act_that_could_not_be_recorded_before_its_time_was_over_does_not_go_on_for_ever(
    gateway: Gateway, tenant, admin, monkeypatch
):
    await poisoned(gateway, tenant)
    plan = await admin.get(f"{LETTERS}/act", params={"what": "redriven"})
    form, asked = {**hidden(plan.text), "reason": "mended"}, asyncio.Event()

    async def hangs(_act):
        asked.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(gateway.ground.acts, "add", hangs)
        request = asyncio.create_task(admin.post(f"{LETTERS}/act", data=form))
        await asked.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
    assert (await admin.post(f"{LETTERS}/act", data=form)).status_code == 303
    await gateway.ground.deeds.all_ended()
    assert len(starts(gateway, tenant)) == 2


async def test_discarded_letters_are_marked_and_still_there(gateway: Gateway, tenant, admin):
    await poisoned(gateway, tenant)
    id_ = await the_id(admin)
    assert "All 1 were discarded" in await acted(admin, gateway, "discarded", id=id_)
    assert len(starts(gateway, tenant)) == 1
    shown = (await admin.get(f"{LETTERS}/{id_}")).text
    assert "<dt>State</dt><dd>discarded</dd>" in shown
    assert "the cause is mended" in shown


async def test_an_act_that_breaks_off_says_how_far_it_came_and_the_rest_waits(
    gateway: Gateway, tenant, admin, monkeypatch
):
    await poisoned(gateway, tenant, 3)
    monkeypatch.setattr("services.letters.sending.CHUNK", 2)
    publish, calls = gateway.log.publish, []

    async def away(messages):
        calls.append(len(messages))
        if len(calls) > 2:  # the records and the marks of the first two are taken
            raise TimeoutError
        return await publish(messages)

    monkeypatch.setattr(gateway.log, "publish", away)
    told = await acted(admin, gateway, "redriven", service="registration")
    monkeypatch.setattr(gateway.log, "publish", publish)
    assert "2 of 3 were redriven; the same again does the rest" in told
    plan = await admin.get(f"{LETTERS}/act", params={"what": "redriven", "service": "registration"})
    assert "<strong>1 record</strong>" in plan.text
