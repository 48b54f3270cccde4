"""A browser without a screen: cookies, forms, and what stands on a page as an element."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import httpx
from gateway_given import ADDRESS, PARTNER, Gateway

from contracts.masking import ALL_EVENTS

_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@dataclass
class Elements(HTMLParser):
    """Each element of a page with its attributes."""

    found: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(text: str, *tags: str) -> list[dict[str, str | None]]:
    """The attributes of the elements of these names."""
    parser = Elements()
    parser.feed(text)
    return [attributes for tag, attributes in parser.found if tag in tags]


def hidden(text: str) -> dict[str, str]:
    """The hidden fields of the last form on a page."""
    form = text[text.rindex("<form method") :]
    return dict(_HIDDEN.findall(form))


def browser(gateway: Gateway, scheme: str = "http", address: str = ADDRESS) -> httpx.AsyncClient:
    """Nobody is logged in. It follows no redirect: where one leads is part of the answer."""
    transport = httpx.ASGITransport(app=gateway.app, client=(address, 40_000))
    return httpx.AsyncClient(transport=transport, base_url=f"{scheme}://gateway")


async def log_in(
    who: httpx.AsyncClient, key: str, way: str = "/dashboard", **more: str
) -> httpx.Response:
    form = hidden((await who.get("/dashboard/login", params={"next": way})).text)
    return await who.post("/dashboard/login", data={**form, "key": key, **more})


async def logged_in(
    gateway: Gateway, role: str = "admin", tenant: str = "default"
) -> httpx.AsyncClient:
    who = browser(gateway)
    assert (await log_in(who, await gateway.key(role, tenant))).status_code == 303
    return who


def pages(saga_id: str) -> list[str]:
    """All that a person may look at."""
    return [
        "/dashboard",
        "/dashboard/sagas",
        "/dashboard/find",
        f"/dashboard/sagas/{saga_id}",
        f"/dashboard/sagas/{saga_id}?at=2",
        f"/dashboard/sagas/{saga_id}/undo",
        "/dashboard/services",
        "/dashboard/audit",
        "/dashboard/events",
        *(f"/dashboard/events/{name}" for name, _ in ALL_EVENTS),
        "/dashboard/nothing-is-here",
    ]


def texts(page: str) -> Iterator[str]:
    """What is written on it, tags left out."""
    yield from (one.strip() for one in re.split(r"<[^>]*>", page) if one.strip())


async def started(gateway: Gateway, tenant: str = "default", **more: Any) -> dict[str, str]:
    data = {**PARTNER, "email": f"p-{uuid4().hex}@example.com", **more}
    order = {"partner_data": data, "correlation_id": f"c-{uuid4().hex}"}
    client = gateway.client(await gateway.key("operator", tenant))
    begun: dict[str, str] = (await client.post("/sagas/partner-onboarding", json=order)).json()
    return begun
