"""What a container's probe says: yes where the page answers 200, else no, and always in time."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator

import pytest

from deploy.local.ports import free_ports
from services.runtime.health import start_health
from services.runtime.healthcheck import main
from services.runtime.settings import load_settings
from services.runtime.vitals import Vitals


@pytest.fixture
async def alive() -> AsyncIterator[tuple[int, Vitals]]:
    """A port on which a process that is not ready answers, and its signs of life."""
    vitals = Vitals()
    settings = load_settings(_env_file=None, health_port=0)
    runner = await start_health("registration", settings, vitals)
    yield runner.addresses[0][1], vitals
    await runner.cleanup()


async def code_of(port: object, *arguments: str) -> int:
    environ = {"ONBOARDING_HEALTH_PORT": str(port)}
    return await asyncio.to_thread(main, arguments, environ)


async def test_a_process_that_is_not_ready_lives(alive, capsys):
    port, _ = alive
    assert await code_of(port) == 0
    assert await code_of(port, "readyz") == 1
    assert capsys.readouterr().err == "/readyz: 503\n"


async def test_one_that_has_joined_its_group_is_ready(alive):
    port, vitals = alive
    vitals.joined = True
    assert await code_of(port, "readyz") == 0


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.parametrize("host", ["127.0.0.2", "0.0.0.0", *(["::"] if has_ipv6() else [])])
async def test_it_is_asked_where_it_listens(host):
    settings = load_settings(_env_file=None, health_host=host, health_port=0)
    runner = await start_health("registration", settings, Vitals())
    environ = {
        "ONBOARDING_HEALTH_HOST": host,
        "ONBOARDING_HEALTH_PORT": str(runner.addresses[0][1]),
    }
    try:
        assert await asyncio.to_thread(main, (), environ) == 0
    finally:
        await runner.cleanup()


async def test_where_nobody_listens_the_answer_is_no(capsys):
    assert await code_of(free_ports(1)[0]) == 1
    assert capsys.readouterr().err == "/livez: ConnectionRefusedError\n"


async def test_whoever_listens_and_does_not_answer_is_given_up(capsys):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert await code_of(silent.getsockname()[1]) == 1
    assert capsys.readouterr().err == "/livez: TimeoutError\n"


@pytest.mark.parametrize("port", ["", "0", "http"])
async def test_a_port_must_be_named(port, capsys):
    assert await code_of(port) == 2
    assert "ONBOARDING_HEALTH_PORT: name the port" in capsys.readouterr().err


async def test_another_page_is_wrong_usage():
    assert await code_of(1, "metrics") == 2
    assert await code_of(1, "livez", "readyz") == 2


async def test_it_imports_nothing_that_takes_long():
    """It runs every few seconds in each container."""
    code = "import sys, services.runtime.healthcheck; print(*sys.modules)"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    tops = {name.partition(".")[0] for name in out.decode().split()}
    assert not tops & {"pydantic", "faust", "aiokafka", "pymongo", "aiohttp", "asyncio"}
