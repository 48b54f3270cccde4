"""Dead letters and parked steps of a tenant, and what became of them."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest
from dashboard_given import hidden, logged_in
from gateway_given import PARTNER, Gateway

from contracts.envelope import Context, binary, source_of
from contracts.journey import PARTNER_ONBOARDING_1
from contracts.operator import StepParked, read_operator_event
from contracts.reading import Reader
from contracts.starting import Asked, start_message

LETTERS, STARTS = "/dashboard/letters", "onboarding.partner-onboarding-initiated"
SECRET = "ana@secret.example"
BROKEN = b'{"partner_data": {"email": "%s", ' % SECRET.encode()


@pytest.fixture
def tenant() -> str:
    """Each test has letters of its own."""
    return f"t-{uuid4().hex[:12]}"


@pytest.fixture
async def admin(gateway: Gateway, tenant: str) -> httpx.AsyncClient:
    return await logged_in(gateway, "admin", tenant)


async def poisoned(gateway: Gateway, tenant: str, count: int = 1, **changes: Any) -> None:
    """Starts that no service can read."""
    for _ in range(count):
        told = Asked(dict(PARTNER), "/crm", PARTNER_ONBOARDING_1, uuid4().hex, tenant)
        message = start_message(told, gateway.clock())
        wrong = {"value": BROKEN, **changes}
        await gateway.world.publish(replace(message, **wrong))
    await gateway.play()


async def parked(gateway: Gateway, tenant: str, state: str = "parked") -> str:
    """The id of a parking of `campaigns`."""
    data = StepParked(step="campaigns", state=state, where="ValueError at x.py:1", attempts=3)
    context = Context(uuid4().hex, tenant, "p-1", "corr-1", "partner-onboarding", 1)
    id_, source = uuid4().hex, source_of("campaigns")
    message = binary("onboarding.campaigns.dlq", id_, source, gateway.clock(), data, context)
    await gateway.world.publish(message)
    return id_


async def acted(who: httpx.AsyncClient, gateway: Gateway, what: str, **query: str) -> str:
    """The page that tells of the act when it has ended."""
    plan = await who.get(f"{LETTERS}/act", params={"what": what, **query})
    form = {**hidden(plan.text), "reason": "the cause is mended"}
    begun = await who.post(f"{LETTERS}/act", data=form)
    assert begun.status_code == 303, begun.text
    await gateway.ground.deeds.all_ended()
    return (await who.get(begun.headers["location"])).text


def starts(gateway: Gateway, tenant: str) -> list[Any]:
    """The starts of a tenant that stand on the topic."""
    return [
        one
        for one in gateway.log.records(STARTS)
        if dict(one.headers).get("ce_tenantid") == tenant.encode()
    ]


def wishes(gateway: Gateway, tenant: str) -> list[Any]:
    read = (
        read_operator_event(one, Reader())
        for one in gateway.log.records("onboarding.campaigns.dlq")
    )
    return [
        one.data
        for one in read
        if one and one.context.tenant_id == tenant and not isinstance(one.data, StepParked)
    ]


async def the_id(who: httpx.AsyncClient) -> str:
    """Of the one letter that is listed."""
    (found,) = {
        part.partition("?")[0]
        for part in (await who.get(LETTERS)).text.split(f'class="id" href="{LETTERS}/')[1:]
    }
    return found
