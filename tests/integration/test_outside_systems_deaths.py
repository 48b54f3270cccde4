"""Workers and platforms that end while calls are out: nothing is lost, and nothing done twice."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.stack import STOP_GRACE_SECONDS
from tests.conftest import RealServers
from tests.deploy.sandbox import Sandbox
from tests.integration.polling import until_so
from tests.integration.system import System
from tests.integration.tiny import Tiny, tiny_on
from tests.integration.with_platform import (
    CALL_SECONDS,
    SETTINGS,
    check_one_effect_each,
    effects_of,
    partner,
    platform_of,
    send,
    send_of,
    statuses,
    until_struck,
)

SOME = 20
pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(300)]


@pytest.fixture
async def by_hand(
    running: System, real_servers: RealServers, tmp_path: Path
) -> AsyncIterator[Tiny]:
    """Workers of campaigns that a test starts itself, in the place of the system's own."""
    await running.stack.supervisor.stop("campaigns")
    try:
        async with tiny_on(real_servers, running.prefix, tmp_path) as workers:
            yield workers
    finally:
        await running.stack.supervisor.start("campaigns")


async def test_a_worker_killed_while_a_call_is_out_completes_its_saga_once(running: System):
    platform, doomed = platform_of(running), partner()
    await platform.tell("slow", seconds=CALL_SECONDS - 1, step="campaigns", partner_id=doomed)
    await send_of(running, [doomed])
    await until_struck(running, 1)
    running.stack.supervisor.kill("campaigns", signal.SIGKILL)
    await platform.heal()
    assert await statuses(running, [doomed]) == ["COMPLETED"]
    check_one_effect_each(platform, [doomed])
    assert "repeated" in platform.done("campaigns", saga_of(platform, doomed))


async def test_a_platform_killed_under_load_does_everything_once(running: System):
    partners = await send(running, SOME)
    platform = platform_of(running)
    await until_so("first effects", lambda: effects_of(platform, partners))
    running.stack.supervisor.kill("platform", signal.SIGKILL)
    partners += await send(running, SOME)
    assert set(await statuses(running, partners)) == {"COMPLETED"}
    check_one_effect_each(platform, partners)


async def test_sigterm_with_a_call_out_ends_with_0_and_the_next_worker_goes_on(
    running: System, by_hand: Tiny
):
    platform, waiting = platform_of(running), partner()
    first = await (await campaigns(running, by_hand)).ready()
    await platform.tell("slow", seconds=60, step="campaigns", partner_id=waiting, times=1)
    await send_of(running, [waiting])
    await until_struck(running, 1)
    first.signal(signal.SIGTERM)
    assert await first.code(2 * STOP_GRACE_SECONDS) == 0, first.log
    assert "Traceback" not in first.log
    await campaigns(running, by_hand)
    assert await statuses(running, [waiting]) == ["COMPLETED"]
    check_one_effect_each(platform, [waiting])


async def test_sigterm_while_a_batch_waits_for_calls_ends_with_0_and_loses_nothing(
    running: System, by_hand: Tiny
):
    """More sagas than may be claimed: calls that are out, claims that wait, and a log that does."""
    platform = platform_of(running)
    first = await (await campaigns(running, by_hand, ONBOARDING_CALLS_MAX="2")).ready()
    await platform.tell("slow", seconds=60, step="campaigns", times=2)
    partners = await send(running, SOME)
    await until_struck(running, 2)
    first.signal(signal.SIGTERM)
    assert await first.code(2 * STOP_GRACE_SECONDS) == 0, first.log
    await campaigns(running, by_hand)
    assert set(await statuses(running, partners)) == {"COMPLETED"}
    check_one_effect_each(platform, partners)


@pytest.mark.parametrize(
    ("module", "env", "line"),
    [
        ("services.documents", {"DOCUMENTS_URL": "platform:80"}, "ONBOARDING_DOCUMENTS_URL: must"),
        ("services.documents", {"DOCUMENTS_URL": "http://"}, "ONBOARDING_DOCUMENTS_URL: must"),
        (
            "services.documents",
            {"DOCUMENTS_URL": "https://a.example", "DOCUMENTS_CA_FILE": "none.pem"},
            "ONBOARDING_DOCUMENTS_CA_FILE: is no file of certificates",
        ),
        ("services.campaigns", {"CAMPAIGNS_API_KEY": "a b"}, "ONBOARDING_CAMPAIGNS_API_KEY: must"),
        (
            "services.registration",
            {"REGISTRATION_URL": "http://a.example"},
            "ONBOARDING_REGISTRATION_URL: registration has no outside system",
        ),
        (
            "services.contract",
            {"CONTRACT_URL": "http://a.example"},
            "ONBOARDING_CONTRACT_URL: contract has no outside system",
        ),
    ],
)
async def test_a_wrong_outside_system_is_one_line_and_2(
    tiny: Tiny, module: str, env: dict[str, str], line: str
):
    worker = await tiny.start(module, **{f"ONBOARDING_{name}": text for name, text in env.items()})
    assert await worker.code() == 2, worker.log
    assert worker.log.startswith(line)
    assert worker.log.count("\n") == 1, worker.log


async def campaigns(running: System, workers: Tiny, **env: str):
    """Another worker of the step, which calls the platform of the system."""
    url = {"ONBOARDING_CAMPAIGNS_URL": f"{running.stack.platform}/campaigns"}
    return await workers.start("services.campaigns", **{**SETTINGS, **url, **env})


def saga_of(platform: Sandbox, partner_id: str) -> str:
    return effects_of(platform, [partner_id])[0]["saga"]
