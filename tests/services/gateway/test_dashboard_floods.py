"""What one address, one key or one cookie may cost the dashboard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
from dashboard_given import browser, log_in
from gateway_given import Gateway

from services.gateway.dashboard.cookies import SESSION
from services.gateway.dashboard.session_store import MOST
from services.gateway.dashboard.sessions import form_token, new_token
from services.gateway.rates import Rates

MANY = 100_000


class Counted:
    """A store of sessions that counts what it is asked."""

    def __init__(self, store: Any) -> None:
        self._store, self.finds, self.ends = store, 0, 0

    async def find(self, *args: Any) -> Any:
        self.finds += 1
        return await self._store.find(*args)

    async def end(self, *args: Any) -> None:
        self.ends += 1
        await self._store.end(*args)

    async def add(self, *args: Any) -> None:
        await self._store.add(*args)


@asynccontextmanager
async def on_ground(gateway: Gateway, **changes: Any) -> AsyncIterator[None]:
    app = gateway.app._app  # the app within its guards
    app.state.ground = replace(gateway.ground, **changes)
    try:
        yield
    finally:
        app.state.ground = gateway.ground


def with_cookie(gateway: Gateway, token: str) -> httpx.AsyncClient:
    who = browser(gateway)
    who.headers["Cookie"] = f"{SESSION}={token}"
    return who


async def test_whoever_makes_up_sessions_has_few_of_them_looked_for(gateway: Gateway):
    store = Counted(gateway.ground.sessions)
    async with on_ground(gateway, sessions=store, rates=Rates(MANY, 2)):
        told = [await with_cookie(gateway, new_token()).get("/dashboard") for _ in range(50)]
    assert 429 in [one.status_code for one in told]
    assert store.finds < 40  # two in a second, however many seconds it took


async def test_a_log_out_ends_only_a_session_that_there_is(gateway: Gateway):
    store, token = Counted(gateway.ground.sessions), new_token()
    async with on_ground(gateway, sessions=store):
        form = {"form_token": form_token(token)}
        told = await with_cookie(gateway, token).post("/dashboard/logout", data=form)
    assert (told.status_code, store.ends) == (303, 0)


async def test_a_log_in_counts_as_a_request_with_its_key(gateway: Gateway):
    key = await gateway.key("viewer")
    async with on_ground(gateway, rates=Rates(1, MANY)):
        told = [await log_in(browser(gateway), key) for _ in range(30)]
    assert {one.status_code for one in told} == {303, 429}


async def test_of_one_key_only_the_latest_sessions_count(gateway: Gateway):
    key, people = await gateway.key("viewer"), [browser(gateway) for _ in range(MOST + 2)]
    other = browser(gateway)
    await log_in(other, await gateway.key("viewer"))
    for who in people:
        await log_in(who, key)
    told = [(await who.get("/dashboard")).status_code for who in (*people, other)]
    assert told == [303, 303, *[200] * (MOST + 1)]
