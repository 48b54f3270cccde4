"""The stream that tells a page that its saga has changed: at once, once for all, and to its end."""

import asyncio
from datetime import timedelta
from typing import Any

from dashboard_given import browser, hidden, log_in, logged_in, started
from gateway_given import Gateway

from services.gateway.dashboard.cookies import SESSION
from services.gateway.key_ring import FRESH
from services.gateway.keys import id_in

SECONDS = 20.0
FEW_SECONDS = 4.0  # some looks, and less than five seconds, after which streams used to end


class Listener:
    """A browser that listens, and goes when it is told to."""

    def __init__(self, gateway: Gateway, path: str, token: str = "", key: str = "") -> None:
        self._gone, self._came = asyncio.Event(), asyncio.Event()
        self.told, self.status = "", 0
        path, _, query = path.partition("?")
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "method": "GET",
            "http_version": "1.1", "scheme": "http", "path": path, "query_string": query.encode(),
            "headers": [
                (b"cookie", f"{SESSION}={token}".encode()), (b"x-api-key", key.encode()),
            ],
            "client": ("203.0.113.9", 1),
        }  # fmt: skip
        self.task = asyncio.create_task(gateway.app(scope, self._receive, self._send))

    async def hears(self, text: str) -> None:
        """Until that was told."""
        async with asyncio.timeout(SECONDS):
            while text not in self.told:
                self._came.clear()
                await self._came.wait()

    async def goes(self) -> None:
        self._gone.set()
        await asyncio.wait_for(self.task, SECONDS)

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        self.status = message.get("status", self.status)
        self.told += message.get("body", b"").decode()
        self._came.set()


async def test_a_page_is_told_of_each_change_until_it_goes(gateway: Gateway):
    who, begun = await logged_in(gateway, "viewer"), await started(gateway)
    path = f"/dashboard/sagas/{begun['saga_id']}/changes"
    one = Listener(gateway, path, who.cookies[SESSION])
    await one.hears("retry:")
    assert "changed" not in one.told  # the projection has not seen it
    await gateway.project()
    await one.hears("event: changed\ndata: 1\n")
    await gateway.play()
    await gateway.project()
    await one.hears("event: changed\ndata: 2\n")
    await one.goes()
    assert one.told.count("changed") == 2


async def test_what_the_page_has_seen_is_not_told_again(gateway: Gateway, completed):
    who = await logged_in(gateway, "viewer")
    page = (await who.get(f"/dashboard/sagas/{completed['saga_id']}")).text
    path = page.partition('hx-sse:connect="')[2].partition('"')[0]
    one = Listener(gateway, path, who.cookies[SESSION])
    await one.hears("retry:")
    other = Listener(gateway, path.partition("?")[0], who.cookies[SESSION])
    await other.hears("changed")
    await one.goes()
    await other.goes()
    assert "changed" not in one.told


async def test_it_ends_with_the_session(gateway: Gateway, completed):
    who = await logged_in(gateway, "viewer")
    path = f"/dashboard/sagas/{completed['saga_id']}/changes"
    one = Listener(gateway, path, who.cookies[SESSION])
    await one.hears("changed")
    form = hidden((await who.get("/dashboard")).text)
    await who.post("/dashboard/logout", data=form)
    await asyncio.wait_for(one.task, SECONDS)


async def test_streams_end_as_soon_as_the_key_is_known_not_to_count(gateway: Gateway, completed):
    key, who = await gateway.key("viewer"), browser(gateway)
    await log_in(who, key)
    path = completed["saga_id"]
    page = Listener(gateway, f"/dashboard/sagas/{path}/changes", who.cookies[SESSION])
    program = Listener(gateway, f"/sagas/{path}/events", key=key)
    await page.hears("changed")
    await program.hears("event: status")
    await gateway.keys.revoke(id_in(key) or "", gateway.clock())
    gateway.clock.ahead = FRESH
    try:
        await asyncio.wait_for(asyncio.gather(page.task, program.task), FEW_SECONDS)
    finally:
        gateway.clock.ahead = timedelta(0)
