"""A system whose steps call the sandbox of the outside systems, and what is sent through it."""

import uuid
from collections.abc import AsyncIterator, Iterable

import pytest

from deploy.local.platform_faults import SYSTEMS
from tests.conftest import RealServers
from tests.deploy.sandbox import Sandbox
from tests.integration import starts
from tests.integration.polling import until
from tests.integration.system import System, system

CALL_SECONDS = 7
SETTINGS = {
    "ONBOARDING_CALL_TIMEOUT_SECONDS": str(CALL_SECONDS),
    "ONBOARDING_RETRY_CAP_SECONDS": "1",
    "ONBOARDING_STEP_TIMEOUT_SECONDS": "300",  # some of many tries come to their third of it
}


@pytest.fixture(scope="module")
async def with_platform(
    real_servers: RealServers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    folder = tmp_path_factory.mktemp("outside")
    prefix = f"o{uuid.uuid4().hex[:8]}-"
    async with system(
        real_servers.kafka, real_servers.mongo, prefix, folder, env=SETTINGS, platform=True
    ) as running:
        yield running


@pytest.fixture
async def running(with_platform: System) -> AsyncIterator[System]:
    """Nothing is told to the platform before or after."""
    yield with_platform
    await platform_of(with_platform).heal()


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
    """Their sagas, once all have ended."""
    wanted = list(partners)

    async def all_ended() -> list[dict]:
        sagas = await running.sagas(correlation_id={"$in": wanted})
        found = {one["correlation_id"]: one for one in sagas if one["ended_at"]}
        return [found[one] for one in wanted] if len(found) == len(wanted) else []

    return await until(f"the ends of {len(wanted)} sagas", all_ended)


async def statuses(running: System, partners: Iterable[str]) -> list[str]:
    return [saga["status"] for saga in await ended(running, partners)]


async def until_struck(running: System, times: int) -> None:
    """Wait until the fault that was told first struck so often."""

    async def struck() -> bool:
        return (await platform_of(running).told())[0]["struck"] >= times

    await until("struck", struck, pause=0.02)


def effects_of(platform: Sandbox, partners: Iterable[str]) -> list[dict]:
    wanted = set(partners)
    return [one for one in platform.effects() if one["partner_id"] in wanted]


def check_one_effect_each(platform: Sandbox, partners: list[str]) -> None:
    """At every system, and nothing was taken back."""
    effects = effects_of(platform, partners)
    made = sorted((one["step"], one["partner_id"]) for one in effects if one["what"] == "created")
    assert made == sorted((step, one) for step in SYSTEMS for one in partners)
    assert {one["what"] for one in effects} <= {"created", "repeated"}
