"""What stands before the routes: limits, ids of requests, headers that protect; of any app."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import structlog
from starlette.types import Receive, Scope, Send

from services.gateway.guards import HEADERS_BYTES_MAX, HEADERS_MAX, PATH_MAX, QUERY_MAX, Guards

MOST = 1_000
PROTECTING = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body to its end, and answers how long it was; on /bug it raises."""
    length, more = 0, True
    while more:
        message = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    if scope["path"] == "/bug":
        raise ValueError("ana@secret.example")
    body = str(length).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def client(scheme: str = "http") -> httpx.AsyncClient:
    app = httpx.ASGITransport(app=Guards(echo, MOST, 30))
    return httpx.AsyncClient(transport=app, base_url=f"{scheme}://gateway")


async def in_chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def answer_to(**changes: Any) -> tuple[int, bytes]:
    """What a request gets that no client would send."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [],
        **changes,
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await Guards(echo, MOST, 30)(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


async def test_a_body_up_to_the_limit_is_taken():
    assert (await client().post("/", content=b"x" * MOST)).text == str(MOST)
    assert (await client().post("/", content=in_chunks(b"x" * 400, b"x" * 600))).text == str(MOST)


@pytest.mark.parametrize("how", ["length", "chunks"])
async def test_a_larger_one_is_refused(how):
    content = b"x" * (MOST + 1) if how == "length" else in_chunks(b"x" * 600, b"x" * 401)
    told = await client().post("/", content=content)
    assert (told.status_code, told.json()["codigo"]) == (413, "TOO_LARGE")
    assert told.headers["content-type"] == "application/problem+json"


async def test_a_length_of_too_many_digits_is_refused():
    status, _ = await answer_to(headers=[(b"content-length", b"9" * 10_000)])
    assert status == 413


@pytest.mark.parametrize(
    ("changes", "codigo"),
    [
        ({"path": "/" + "x" * PATH_MAX}, b"PATH_TOO_LONG"),
        ({"path": "/a\0b"}, b"PATH_NOT_TEXT"),
        ({"headers": [(b"content-length", b"4"), (b"transfer-encoding", b"chunked")]}, b"TWO_LENGTHS"),
        ({"query_string": b"x" * (QUERY_MAX + 1)}, b"QUERY_TOO_LONG"),
        ({"headers": [(b"x-%d" % one, b"y") for one in range(HEADERS_MAX + 1)]}, b"TOO_MANY_HEADERS"),
    ],
)  # fmt: skip
async def test_a_head_that_cannot_be_is_refused(changes, codigo):
    status, body = await answer_to(**changes)
    assert status == 400
    assert codigo in body


async def test_the_headers_together_are_bounded():
    status, _ = await answer_to(headers=[(b"x-a", b"y" * HEADERS_BYTES_MAX)])
    assert status == 431


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/bug", 500), ("/" + "x" * 2_000, 400)])
async def test_every_answer_has_the_headers_that_protect(path, status):
    told = await client().get(path)
    assert told.status_code == status
    assert {name: told.headers[name] for name in PROTECTING} == PROTECTING
    assert told.headers["content-security-policy"].startswith("default-src 'none'")
    assert "strict-transport-security" not in told.headers
    assert "secret" not in told.text


async def test_over_tls_a_browser_is_told_to_stay_there():
    told = await client("https").get("/")
    assert told.headers["strict-transport-security"] == "max-age=31536000"


async def test_an_id_of_a_request_comes_back_and_stands_in_the_log():
    with structlog.testing.capture_logs(
        processors=[structlog.contextvars.merge_contextvars]
    ) as logged:
        told = await client().get("/bug", headers={"X-Request-ID": "shop-17:a.b_c"})
    assert told.headers["x-request-id"] == "shop-17:a.b_c"
    assert [one["request_id"] for one in logged] == ["shop-17:a.b_c"]


@pytest.mark.parametrize(
    "wrong", [b"", b"a b", b"a\nlevel=error", b"a\r\nSet-Cookie: x", b"\xff", b"x" * 129, b"{}"]
)
async def test_an_id_that_cannot_stand_in_a_log_is_not_taken(wrong):
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b""}
    await Guards(echo, MOST, 30)({**scope, "headers": [(b"x-request-id", wrong)]}, receive, send)
    made = dict(sent[0]["headers"])[b"X-Request-ID"]
    assert re.fullmatch(rb"[0-9a-f]{32}", made)
