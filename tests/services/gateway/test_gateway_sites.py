"""From where a browser asks: without keys only this machine and pages of ours may."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from gateway_given import PARTNER, Gateway

from services.gateway.app import make_app
from services.gateway.serving import serve
from services.runtime.settings import load_settings
from services.runtime.vitals import Vitals
from tests.integration.polling import until_so

OURS = "https://ours.example"
UNKNOWN_ROUTE = 405  # it was let through: /livez has no POST


@pytest.fixture(scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """Of a gateway that asks for no keys."""
    file: Path = tmp_path_factory.mktemp("sites") / "url"
    settings = load_settings(
        _env_file=None, auth="off", gateway_host="127.0.0.1", gateway_port=0, gateway_file=file,
        gateway_proxies="", gateway_origins=OURS,
    )  # fmt: skip
    stop = asyncio.Event()
    ground = SimpleNamespace(
        settings=settings, vitals=Vitals(), tracing=None, stopping=asyncio.Event()
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(make_app(ground), ground, stop))
        await until_so("the gateway listens", file.exists)
        async with httpx.AsyncClient(base_url=address_in(file)) as client:
            yield client
        stop.set()


def address_in(file: Path) -> str:
    return file.read_text()


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "127.9.9.9", "[::1]:1"]
)
async def test_without_keys_this_machine_is_answered_by_its_own_names(client, host: str):
    assert (await client.get("/livez", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "1127.0.0.1",
        "[::2]",
        "",
        "10.0.0.1",
    ],
)
async def test_a_page_whose_name_leads_to_this_machine_is_told_nothing(client, host: str):
    told = await client.get("/livez", headers={"Host": host})
    assert (told.status_code, told.json()["codigo"]) == (421, "NOT_THIS_MACHINE")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_without_keys_the_page_of_another_site_changes_nothing(client, headers):
    told = await client.post("/livez", headers=headers)
    assert (told.status_code, told.json()["codigo"]) == (403, "OTHER_SITE")
    assert (await client.get("/livez", headers=headers)).status_code == 200


async def test_without_keys_pages_of_ours_and_those_that_are_named_may_ask(client):
    own = f"http://{client.base_url.netloc.decode()}"
    for headers in (
        {},
        {"Origin": own},
        {"Origin": own, "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": OURS, "Sec-Fetch-Site": "cross-site"},
    ):
        assert (await client.post("/livez", headers=headers)).status_code == UNKNOWN_ROUTE


@pytest.mark.parametrize("kind", [None, "", "text/plain", "application/x-www-form-urlencoded"])
async def test_a_body_that_any_web_page_may_send_is_refused(gateway: Gateway, kind):
    client = gateway.client(await gateway.key())
    body = httpx.Request("POST", "http://x", json={"partner_data": PARTNER}).content
    headers = {} if kind is None else {"Content-Type": kind}
    told = await client.post("/sagas/partner-onboarding", content=body, headers=headers)
    assert (told.status_code, told.json()["codigo"]) == (415, "NOT_JSON")
