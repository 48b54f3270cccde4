"""The HTTP client of the services, against a platform that gives every kind of answer."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from deploy.local.ports import free_ports
from services.runtime.outside import Later, OddAnswerError
from services.runtime.outside_access import Access
from services.runtime.outside_http import MOST_READ_BYTES, HttpOutside, http_client
from services.runtime.step import Rejected
from tests.services.outside.odd_platform import HANG, OddPlatform, answer, odd_platform

NO = Rejected("DOCUMENT_REJECTED", "The document registry did not accept a document.")
PROBLEM = "application/problem+json"
ODD = [301, 302, 307, 308, 304, 400, 401, 403, 404, 405, 409, 422, 451]
LATER = [408, 410, 425, 429, 500, 502, 503, 504, 599]


@asynccontextmanager
async def outside_at(
    url: str, seconds: float = 5, most: int = 4, api_key: str | None = None
) -> AsyncIterator[HttpOutside]:
    access = Access(url, api_key, tls=False)
    async with http_client(access, seconds, most) as client:
        yield HttpOutside(client, url, "documents", NO, seconds)


async def asked(
    told: bytes, endless: bytes = b"", seconds: float = 5
) -> tuple[object, OddPlatform]:
    """What a do comes to, where the platform answers so."""
    async with odd_platform(told, endless) as odd, outside_at(odd.url, seconds) as outside:
        return await outside.do("s-1", {"partner_id": "p-1"}), odd


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_2xx_is_a_yes_whatever_it_says(status: int):
    assert (await asked(answer(status, PROBLEM)))[0] == "yes"


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 451])
@pytest.mark.parametrize("kind", [PROBLEM, f"{PROBLEM}; charset=utf-8", PROBLEM.title()])
async def test_4xx_with_a_problem_body_is_the_no_of_the_journey(status: int, kind: str):
    assert (await asked(answer(status, kind, '{"detail": "Ana is SECRET"}')))[0] == NO


async def test_no_cookie_is_kept_and_sent_with_the_call_of_another_saga():
    async with (
        odd_platform(answer(200, set_cookie="a=b; Path=/")) as odd,
        outside_at(odd.url) as outside,
    ):
        for saga in ("s-1", "s-2"):
            assert await outside.do(saga, {"partner_id": "p-1"}) == "yes"
    assert [b"cookie" in one.lower() for one in odd.asked] == [False, False]


@pytest.mark.parametrize("status", ODD)
@pytest.mark.parametrize("kind", ["text/html", "application/json", "application/problem+jsonx", ""])
async def test_anything_else_is_odd_and_told_by_its_status_alone(status: int, kind: str):
    with pytest.raises(OddAnswerError) as odd:
        await asked(answer(status, kind))
    assert str(odd.value) == f"HTTP {status}"


async def test_401_is_about_us_and_never_a_no_to_a_partner():
    with pytest.raises(OddAnswerError, match="HTTP 401"):
        await asked(answer(401, PROBLEM))


@pytest.mark.parametrize("status", LATER)
@pytest.mark.parametrize("kind", [PROBLEM, "text/plain"])
async def test_what_may_pass_is_asked_again_later(status: int, kind: str):
    told, _ = await asked(answer(status, kind))
    assert told == Later()
    assert told.where == f"HTTP {status}"


@pytest.mark.parametrize(
    "told",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nx: " + b"x" * 200_000,
        b"\x00\xff" * 50 + b"\r\n\r\n",
    ],
    ids=["not-http", "half-a-line", "endless-header", "bytes"],
)
async def test_what_is_no_http_is_asked_again_later(told: bytes):
    assert (await asked(told, seconds=0.5))[0] == Later()


async def test_a_redirect_is_not_followed():
    async with odd_platform(answer(200)) as other:
        with pytest.raises(OddAnswerError):
            await asked(answer(307, location=f"{other.url}/documents/s-1"))
        assert other.connections == 0


async def test_nobody_there_is_later():
    (port,) = free_ports(1)
    async with outside_at(f"http://127.0.0.1:{port}") as outside:
        told = await outside.do("s-1", {}), await outside.undo("s-1")
    assert told == (Later(), Later())
    assert [one.where for one in told] == ["ConnectError"] * 2


async def test_no_answer_in_time_is_later():
    assert (await asked(HANG, seconds=0.2))[0] == Later()


async def test_a_call_ends_in_its_time_although_something_always_comes():
    """httpx limits the pause between two bytes only."""
    async with asyncio.timeout(60):  # without a limit of ours it would never end
        told, _ = await asked(b"HTTP/1.1 200 OK\r\n", endless=b"x: y\r\n", seconds=0.5)
    assert told == Later()


async def test_a_status_counts_although_the_rest_never_comes():
    half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"
    assert (await asked(half, seconds=1))[0] == "yes"


async def test_of_a_huge_answer_little_is_read():
    told, odd = await asked(
        b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n", b"x" * 65_536
    )
    assert told == "yes"
    assert odd.sent_bytes < MOST_READ_BYTES + 16 * 2**20, "what fits into buffers of sockets"


async def test_calls_that_found_no_answer_leave_their_places_to_others():
    async with odd_platform(HANG) as odd, outside_at(odd.url, seconds=0.5, most=2) as outside:
        for _ in range(5):
            told = await asyncio.gather(*(outside.do(f"s-{n}", {}) for n in range(2)))
            assert told == [Later(), Later()]
        odd.answer = answer(200)
        assert await outside.do("s-1", {}) == "yes"


async def test_connections_are_used_again():
    async with odd_platform(answer(200)) as odd, outside_at(odd.url) as outside:
        for number in range(5):
            await outside.do(f"s-{number}", {})
        assert (len(odd.asked), odd.connections) == (5, 1)


async def test_a_do_is_a_put_with_its_key_and_its_body():
    async with odd_platform(answer(200)) as odd, outside_at(f"{odd.url}/v1", api_key="k") as one:
        await one.do("s-1", {"partner_id": "p-1", "name": "Ñandú"})
    (request,) = odd.asked
    head, body = request.split(b"\r\n\r\n")
    assert head.startswith(b"PUT /v1/s-1 HTTP/1.1\r\n")
    assert b"\r\nidempotency-key: s-1:documents:do" in head.lower()
    assert b"\r\nauthorization: bearer k" in head.lower()
    assert b"\r\ncontent-type: application/json" in head.lower()
    assert json.loads(body) == {"partner_id": "p-1", "name": "Ñandú"}


async def test_an_undo_is_a_delete_with_a_key_of_its_own():
    async with odd_platform(answer(204)) as odd, outside_at(odd.url) as one:
        assert await one.undo("s-1") == "yes"
    assert odd.asked[0].startswith(b"DELETE /s-1 HTTP/1.1\r\n")
    assert b"\r\nidempotency-key: s-1:documents:undo" in odd.asked[0].lower()
    assert b"authorization" not in odd.asked[0].lower()


async def test_an_undo_cannot_be_refused():
    async with odd_platform(answer(422, PROBLEM)) as odd, outside_at(odd.url) as one:
        with pytest.raises(OddAnswerError, match="an undo was refused"):
            await one.undo("s-1")


@pytest.mark.parametrize(
    "saga", ["..", "../campaigns/x", "a/b", "a?b", "a#b", "a b", "a\r\nb", "ñ"]
)
async def test_a_forged_saga_id_names_no_other_place(saga: str):
    async with odd_platform(answer(200)) as odd, outside_at(f"{odd.url}/documents") as one:
        await one.do(saga, {})
    line = odd.asked[0].split(b"\r\n")[0].decode()
    method, path, version = line.split(" ")
    assert (method, version) == ("PUT", "HTTP/1.1")
    assert path.startswith("/documents/")
    assert not set(path.removeprefix("/documents/")) & set("/?#.")
    assert odd.asked[0].count(b"Idempotency-Key") == 1


async def test_who_is_away_is_logged_now_and_then_and_that_it_is_back():
    with capture_logs() as told:
        async with odd_platform(answer(503)) as odd, outside_at(odd.url) as outside:
            for number in range(12):
                await outside.do(f"s-{number}", {})
            odd.answer = answer(422, PROBLEM)
            for number in range(2):
                await outside.do(f"s-{number}", {})
    away = [one for one in told if one["event"] == "outside.away"]
    assert [(one["attempt"], one["error"]) for one in away] == [(1, "HTTP 503"), (10, "HTTP 503")]
    assert [one["attempts"] for one in told if one["event"] == "outside.back"] == [12]


async def test_nothing_of_an_answer_is_logged():
    """By a process of its own, as logging is set up once; at the level that tells the most."""
    answers = [answer(200), answer(422, PROBLEM), answer(503), answer(302), b"SECRET\r\n\r\n"]
    for told in answers:
        async with odd_platform(told) as odd:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", CALLER, odd.url, stdout=PIPE, stderr=STDOUT
            )
            written, _ = await asyncio.wait_for(process.communicate(), 60)
        assert (process.returncode, len(odd.asked)) == (0, 1), written
        assert b'"asked"' in written
        assert b"SECRET" not in written


CALLER = """
import asyncio, sys
import structlog
from services.runtime.logs import configure
from services.runtime.outside import Later, OddAnswerError
from services.runtime.outside_access import Access
from services.runtime.outside_http import HttpOutside, http_client
from services.runtime.settings import load_settings
from services.runtime.step import Rejected

async def main():
    async with http_client(Access(sys.argv[1], tls=False), 20, 1) as client:
        outside = HttpOutside(client, sys.argv[1], "documents", Rejected("NO", "No."), 20)
        try:
            reply = await outside.do("s-1", {})
        except OddAnswerError as error:
            reply = repr(error)
    structlog.get_logger().info("asked", reply=str(reply))

configure(load_settings(_env_file=None, log_level="DEBUG", log_format="json"), "documents")
asyncio.run(main())
"""
