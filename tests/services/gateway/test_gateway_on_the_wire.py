"""The gateway's listener against what no good client sends; no servers behind it are needed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from services.gateway.app import make_app
from services.gateway.rates import Rates
from services.gateway.serving import serve
from services.runtime.settings import Settings, load_settings
from services.runtime.vitals import Vitals
from tests.integration.polling import until_so

LIVEZ = b"GET /livez HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /livez HTTP/1.1\r\nHost: x\r\n"
CLOSE = b"Connection: close\r\n\r\n"
ANSWER_SECONDS = 60
MANY = 100_000


@dataclass
class Bare:
    """As much of a Ground as the listener needs."""

    settings: Settings
    vitals: Vitals = field(default_factory=Vitals)
    rates: Rates = field(default_factory=partial(Rates, MANY, MANY))
    tracing: None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


@pytest.fixture(scope="module")
async def port(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    file: Path = tmp_path_factory.mktemp("wire") / "url"
    settings = load_settings(
        _env_file=None,
        gateway_host="127.0.0.1",
        gateway_port=0,
        gateway_file=file,
        gateway_proxies="127.0.0.1",
        gateway_origins="https://ours.example",
    )
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        ground = Bare(settings)
        tasks.create_task(serve(make_app(ground), ground, stop))
        await until_so("the gateway listens", file.exists)
        yield port_in(file)
        stop.set()


def port_in(file: Path) -> int:
    return urlsplit(file.read_text()).port or 0


async def answers(port: int, request: bytes) -> list[bytes]:
    """The status of each answer until the gateway hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    told = await asyncio.wait_for(reader.read(), ANSWER_SECONDS)
    writer.close()
    return [one[:3] for one in told.split(b"HTTP/1.1 ")[1:]]


async def test_a_good_request_is_answered(port: int):
    assert await answers(port, LIVEZ + CLOSE) == [b"200"]


async def test_over_tls_up_to_a_proxy_that_is_named_a_browser_is_told_to_stay_there(port: int):
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        told = [
            await client.get("/livez", headers={"X-Forwarded-Proto": scheme})
            for scheme in ("https", "http")
        ]
    assert ["strict-transport-security" in one.headers for one in told] == [True, False]


async def test_a_request_behind_two_lengths_is_not_read(port: int):
    both = b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert await answers(port, POST + both + LIVEZ + CLOSE) == [b"400"]


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 4\r\nContent-Length: 5\r\n",
        b"Content-Length: " + b"9" * 5_000 + b"\r\n",
        b"Content-Length: +4\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunked, chunked\r\n",
        b"Host: y\r\n",
        b"X-API-Key : a\r\n",
        b"X-A: a\0b\r\n",
    ],
)
async def test_a_head_that_can_be_read_in_two_ways_is_refused(port: int, headers: bytes):
    assert await answers(port, POST + headers + b"\r\n") in ([b"400"], [b"501"])


async def test_large_heads_are_refused(port: int):
    assert await answers(port, LIVEZ + b"X-A: " + b"a" * 40_000 + b"\r\n" + CLOSE) in (
        [b"431"],
        [b"400"],  # it came in pieces
    )


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (b"/sagas/%2e%2e/audit", b"404"),
        (b"/livez/../audit", b"404"),
        (b"/swagger/..%2f..%2fapp.py", b"404"),
        (b"//audit", b"404"),
        (b"/AUDIT", b"404"),
        (b"/livez/", b"404"),
        (b"http://elsewhere/audit", b"404"),
        (b"/sagas/a%00b/status", b"400"),
    ],
)
async def test_no_trick_with_a_path_finds_a_route(port: int, path: bytes, status: bytes):
    assert await answers(port, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + CLOSE) == [status]


@pytest.mark.slow
async def test_a_head_that_never_ends_is_hung_up_on(port: int):
    assert await answers(port, b"GET /livez HTT") == []


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://ours.example", True),
        ("https://ours.example.evil", False),
        ("http://ours.example", False),
        ("null", False),
    ],
)
async def test_only_a_web_page_of_an_origin_that_is_named_may_call(port, origin, allowed):
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        before = await client.options("/sagas", headers={"Origin": origin, **asks})
        told = await client.get("/livez", headers={"Origin": origin})
    assert before.is_success == allowed
    for answer in (before, told):
        assert ("access-control-allow-origin" in answer.headers) == allowed
        assert "access-control-allow-credentials" not in answer.headers
