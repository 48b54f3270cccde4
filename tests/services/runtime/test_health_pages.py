"""The health pages on a real port: alive, ready, metrics, and the file that tells where."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from services.runtime.health import start_health
from services.runtime.settings import load_settings
from services.runtime.vitals import Vitals


@asynccontextmanager
async def pages(vitals: Vitals, file: Path) -> AsyncIterator[str]:
    settings = load_settings(_env_file=None, health_port=0, health_file=file)
    runner = await start_health("contract", settings, vitals)
    try:
        yield await asyncio.to_thread(file.read_text)
    finally:
        await runner.cleanup()


async def get(url: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text(), answer.content_type


async def test_ready_once_joined_and_no_longer_while_a_server_is_away(tmp_path):
    vitals = Vitals()
    async with pages(vitals, tmp_path / "health") as url:
        status, text, _ = await get(f"{url}/readyz")
        assert (status, '"fail"' in text) == (503, True)
        vitals.joined = True
        status, text, _ = await get(f"{url}/readyz")
        assert (status, '"pass"' in text) == (200, True)
        vitals.waits("mongo", "AutoReconnect")
        status, text, _ = await get(f"{url}/readyz")
        assert status == 503
        assert '"waiting_for": {"mongo": "AutoReconnect"}' in text


async def test_alive_whether_ready_or_not(tmp_path):
    async with pages(Vitals(), tmp_path / "health") as url:
        assert (await get(f"{url}/livez"))[0] == 200


async def test_metrics_tell_whether_it_is_ready_and_name_nobody(tmp_path):
    vitals = Vitals(joined=True)
    async with pages(vitals, tmp_path / "health") as url:
        status, text, content_type = await get(f"{url}/metrics")
        assert (status, content_type) == (200, "text/plain")
        assert 'onboarding_ready{service="contract"} 1.0' in text
        vitals.joined = False
        assert 'onboarding_ready{service="contract"} 0.0' in (await get(f"{url}/metrics"))[1]
        names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
        assert all(name.startswith("onboarding_") for name in names)


async def test_nothing_else_is_served(tmp_path):
    async with pages(Vitals(), tmp_path / "health") as url:
        assert (await get(f"{url}/"))[0] == 404


async def test_the_address_is_of_loopback_and_written_whole(tmp_path):
    file = tmp_path / "health"
    async with pages(Vitals(), file) as url:
        assert url.startswith("http://127.0.0.1:")
        assert not url.endswith(":0")
        assert [one.name for one in tmp_path.iterdir()] == [file.name]
