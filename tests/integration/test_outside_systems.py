"""Sagas whose steps call outside systems: one effect each, whatever the platform or a worker does.

What the platform did is counted in its own log.
"""

import asyncio
import signal
import uuid
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from contracts.journey import JOURNEYS
from deploy.local.platform_faults import SYSTEMS
from deploy.local.stack import STOP_GRACE_SECONDS
from tests.conftest import RealServers
from tests.deploy.sandbox import Sandbox
from tests.integration import starts
from tests.integration.outside import Reading, Seen
from tests.integration.polling import until, until_so
from tests.integration.system import System, system
from tests.integration.tiny import Tiny, tiny_on

SOME = 20
CALL_SECONDS = 7
SETTINGS = {
    "ONBOARDING_CALL_TIMEOUT_SECONDS": str(CALL_SECONDS),
    "ONBOARDING_RETRY_CAP_SECONDS": "1",
}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
async def of_the_module(
    real_servers: RealServers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    folder = tmp_path_factory.mktemp("outside")
    prefix = f"o{uuid.uuid4().hex[:8]}-"
    async with system(
        real_servers.kafka, real_servers.mongo, prefix, folder, env=SETTINGS, platform=True
    ) as running:
        yield running


@pytest.fixture
async def running(of_the_module: System) -> AsyncIterator[System]:
    """Nothing is told to the platform before or after."""
    yield of_the_module
    await platform_of(of_the_module).heal()


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


async def test_every_step_with_an_outside_system_has_one_effect_for_each_saga(running: System):
    partners = await send(running, SOME)
    assert set(await statuses(running, partners)) == {"COMPLETED"}
    platform = platform_of(running)
    told = [(one["step"], one["what"]) for one in effects_of(platform, partners)]
    assert sorted(told) == sorted([(step, "created") for step in SYSTEMS] * SOME)


async def test_a_platform_that_is_slow_for_one_partner_holds_no_other_saga(running: System):
    """Five seconds for each of three calls; told by the order in which they complete."""
    slow = partner()
    await platform_of(running).tell("slow", seconds=5, partner_id=slow)
    topic = f"{running.prefix}onboarding.partner-onboarding-completed"
    order: list[str] = []
    async with Reading(running.kafka, [topic]) as reading:
        await reading.to_the_end()
        await send_of(running, [slow])
        await until_struck(running, 1)
        others = await send(running, SOME)
        wanted = {slow, *others}

        async def all_seen() -> bool:
            order.extend(map(partner_of, await reading.more()))
            return wanted <= set(order)

        await until("completions", all_seen)
    assert [one for one in dict.fromkeys(order) if one in wanted][-1] == slow
    check_one_effect_each(platform_of(running), [slow, *others])


async def test_lost_answers_and_500s_end_with_one_effect_each(running: System):
    platform = platform_of(running)
    await platform.tell("lose", share=0.3, seed=1)
    await platform.tell("error", share=0.3, seed=2)
    partners = await send(running, SOME)
    assert set(await statuses(running, partners)) == {"COMPLETED"}
    assert min(fault["struck"] for fault in await platform.told()) > 0
    check_one_effect_each(platform, partners)
    assert platform.counted("repeated").total() > 0, "no answer was lost after its work"


async def test_a_refused_partner_is_undone_and_its_effects_are_removed(running: System):
    platform, refused = platform_of(running), partner()
    await platform.tell("refuse", step="recruitment", partner_id=refused)
    await send_of(running, [refused])
    (saga,) = await ended(running, [refused])
    assert saga["status"] == "COMPENSATED"
    assert saga["failure"]["code"] == "SEATS_EXCEEDED"
    told = [(one["step"], one["what"]) for one in effects_of(platform, [refused])]
    assert told == [
        ("documents", "created"), ("campaigns", "created"), ("recruitment", "refused"),
        ("campaigns", "removed"), ("documents", "removed"),
    ]  # fmt: skip


async def test_an_undo_is_asked_for_until_it_is_answered(running: System):
    platform, refused = platform_of(running), partner()
    await platform.tell("refuse", step="campaigns", partner_id=refused)
    await platform.tell("error", step="documents", partner_id=refused, method="DELETE", times=2)
    await platform.tell("lose", step="documents", partner_id=refused, method="DELETE", times=3)
    await send_of(running, [refused])
    (saga,) = await ended(running, [refused])
    assert saga["status"] == "COMPENSATED"
    told = [(one["step"], one["what"]) for one in effects_of(platform, [refused])]
    assert told == [("documents", "created"), ("campaigns", "refused"), ("documents", "removed")]


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
    assert await first.code(STOP_GRACE_SECONDS) == 0, first.log
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
    assert await first.code(STOP_GRACE_SECONDS) == 0, first.log
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


def platform_of(running: System) -> Sandbox:
    folder = running.stack.supervisor.folder
    return Sandbox(running.stack.platform or "", folder.root / "platform.jsonl")


def partner() -> str:
    return f"p-{uuid.uuid4().hex}"


async def send(running: System, count: int) -> list[str]:
    """So many starts; their partners."""
    partners = [partner() for _ in range(count)]
    await send_of(running, partners)
    return partners


async def send_of(running: System, partners: Iterable[str]) -> None:
    sent = [starts.start(correlation_id=one, partner_id=one) for one in partners]
    await starts.send(running.kafka, running.start_topic, *sent)


async def ended(running: System, partners: Iterable[str]) -> list[dict]:
    return list(await asyncio.gather(*(running.ended(one) for one in partners)))


async def statuses(running: System, partners: Iterable[str]) -> list[str]:
    return [saga["status"] for saga in await ended(running, partners)]


async def until_struck(running: System, times: int) -> None:
    """Wait until the fault that was told first struck so often."""

    async def struck() -> bool:
        return (await platform_of(running).told())[0]["struck"] >= times

    await until("struck", struck, pause=0.02)


async def campaigns(running: System, workers: Tiny, **env: str):
    """Another worker of the step, which calls the platform of the system."""
    url = {"ONBOARDING_CAMPAIGNS_URL": f"{running.stack.platform}/campaigns"}
    return await workers.start("services.campaigns", **{**SETTINGS, **url, **env})


def effects_of(platform: Sandbox, partners: Iterable[str]) -> list[dict]:
    wanted = set(partners)
    return [one for one in platform.effects() if one["partner_id"] in wanted]


def saga_of(platform: Sandbox, partner_id: str) -> str:
    return effects_of(platform, [partner_id])[0]["saga"]


def check_one_effect_each(platform: Sandbox, partners: list[str]) -> None:
    """At every system, and nothing was taken back."""
    effects = effects_of(platform, partners)
    made = sorted((one["step"], one["partner_id"]) for one in effects if one["what"] == "created")
    assert made == sorted((step, one) for step in SYSTEMS for one in partners)
    assert {one["what"] for one in effects} <= {"created", "repeated"}


def partner_of(completed: Seen) -> str:
    return (completed.key or b"").decode()


def test_the_platform_has_steps_of_the_journey_only():
    assert all(any(one.step(step) for one in JOURNEYS.values()) for step in SYSTEMS)
