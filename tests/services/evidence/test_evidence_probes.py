"""Health pages and addresses, as they are asked by `why`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from saga_state.why.facts import Page, Unknown
from services.evidence.probes import is_open, page_of
from services.evidence.sources import part, parts
from services.evidence.system import services_by_page
from services.runtime.health import start_health
from services.runtime.settings import load_settings
from services.runtime.vitals import Vitals


@pytest.fixture
async def healthy(bare) -> AsyncIterator[tuple[str, Vitals]]:
    vitals = Vitals(joined=True)
    runner = await start_health("documents", load_settings(_env_file=None), vitals)
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}", vitals
    await runner.cleanup()


@pytest.fixture
def bare(monkeypatch) -> None:
    monkeypatch.setenv("ONBOARDING_HEALTH_PORT", "0")


async def test_a_page_tells_whether_a_process_answers_and_for_whom_it_waits(healthy):
    url, vitals = healthy
    assert await page_of("documents", url) == Page("documents", True)
    vitals.waits("mongo", "AutoReconnect")
    assert await page_of("documents", url) == Page("documents", True, {"mongo": "AutoReconnect"})


async def test_where_nobody_is_nobody_answers(unused_port):
    assert await page_of("documents", f"http://127.0.0.1:{unused_port}") == Page("documents", False)
    assert await is_open(f"http://127.0.0.1:{unused_port}/x") is False


async def test_an_address_that_takes_connections_is_open(healthy):
    assert await is_open(f"{healthy[0]}/documents") is True


@pytest.mark.parametrize("said", [b"", b"SSH-2.0\r\n", b"HTTP/1.0 200 OK\r\n\r\nno json"])
async def test_what_is_no_page_is_no_answer(said):
    async with _saying(said) as url:
        assert await page_of("documents", url) == Page("documents", False)


async def test_a_process_that_hangs_does_not_answer():
    async with _saying(None) as url:
        assert await page_of("documents", url) == Page("documents", False)


async def test_a_part_that_fails_or_takes_too_long_is_unknown_and_the_others_are_known():
    async def fails() -> int:
        raise ValueError("secret of a partner")

    async def well() -> int:
        return 7

    asked = {"fails": fails(), "hangs": asyncio.sleep(60, 0), "well": well()}
    assert await parts(asked, 0.05) == {
        "fails": Unknown("ValueError"), "hangs": Unknown("no answer within 0.05 s"), "well": 7,
    }  # fmt: skip
    assert await part(well(), 1) == 7


def test_the_pages_of_all_workers_of_a_service_are_its_pages():
    pages = [Page(name, True) for name in ("documents", "documents-2", "saga_state")]
    found = services_by_page(pages)
    assert [len(found["documents"]), len(found["saga-state"])] == [2, 1]


@pytest.fixture
def unused_port() -> int:
    from deploy.local.ports import free_ports

    return free_ports(1)[0]


@asynccontextmanager
async def _saying(said: bytes | None) -> AsyncIterator[str]:
    """A server that says so to everybody; None: nothing, and hangs."""
    done = asyncio.Event()

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if said is None:
            await done.wait()
        writer.write(said or b"")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        host, port = server.sockets[0].getsockname()[:2]
        yield f"http://{host}:{port}"
    finally:
        done.set()
        server.close()
