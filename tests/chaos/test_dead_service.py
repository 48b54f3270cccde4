"""A service that is dead: its sagas are undone without it, and when it is back it has no effect."""

import signal
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from tests.chaos.rest import platform_of, until_at_rest, verdict
from tests.chaos.verdict import sagas_of
from tests.conftest import RealServers
from tests.integration import starts
from tests.integration.outside import Seen
from tests.integration.system import System, system

SAGAS = 20
FAILED = "PartnerOnboardingFailed"
TIMEOUT_SECONDS, GRACE_SECONDS = 10, 2
SETTINGS = {
    "ONBOARDING_STEP_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
    "ONBOARDING_STEP_GRACE_SECONDS": str(GRACE_SECONDS),
}


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_its_sagas_end_compensated_and_its_return_leaves_no_effect(
    real_servers: RealServers, prefix: str, tmp_path: Path
):
    async with system(
        real_servers.kafka, real_servers.mongo, prefix, tmp_path, env=SETTINGS, platform=True
    ) as running:
        assert (await run(running, 1))[0]["status"] == "COMPLETED"
        before = platform_of(running).effects()
        running.stack.supervisor.kill("campaigns", signal.SIGKILL)
        await running.stack.supervisor.stop("campaigns")
        for saga in await run(running, SAGAS):
            assert (saga["status"], saga["failure"]["code"]) == ("COMPENSATED", "TIMEOUT")
            assert saga["failure"]["step"] == "campaigns"
        await check_what_was_said(running)
        assert not [one for one in new(running, before) if one["step"] == "campaigns"]

        await running.stack.supervisor.start("campaigns")
        await until_at_rest(running, 60)
        ends, faults = await verdict(running)
        assert faults == {}
        assert ends == {"COMPLETED": 1, "COMPENSATED": SAGAS}
        assert {one["step"] for one in new(running, before)} <= {"documents", "campaigns"}
        assert set(await states_of_campaigns(running)) <= {"done", "blocked", "undone"}


async def run(running: System, count: int) -> list[dict[str, Any]]:
    """So many sagas, once they have ended."""
    names = [f"c-{uuid.uuid4().hex}" for _ in range(count)]
    sent = [starts.start(correlation_id=name) for name in names]
    await starts.send(running.kafka, running.start_topic, *sent)
    return [await running.ended(name) for name in names]


def new(running: System, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the platform did since then."""
    return platform_of(running).effects()[len(before) :]


async def check_what_was_said(running: System) -> None:
    """By the step before it, not before its time; and what was done was undone in reverse."""
    for said in sagas_of(await running.events()).values():
        if "CampaignsEnabled" in said:
            continue
        failed = {(one.header("ce_source"), one.body["failed_step"]) for one in said[FAILED]}
        assert failed == {("/services/documents", "campaigns")}
        waited = time_of(said[FAILED][0]) - time_of(said["DocumentsVerified"][0])
        assert waited >= timedelta(seconds=TIMEOUT_SECONDS + GRACE_SECONDS)
        undone = sorted(said["CompensationCompleted"], key=lambda one: one.offset)
        in_order = dict.fromkeys(one.body["step"] for one in undone)  # some are said again
        assert list(in_order) == ["documents", "contract", "registration"]


def time_of(one: Seen) -> datetime:
    return datetime.fromisoformat(one.header("ce_time"))


async def states_of_campaigns(running: System) -> list[str]:
    async with AsyncMongoClient[dict[str, Any]](running.stack.mongo) as client:
        steps = client[f"{running.prefix}onboarding_campaigns"].steps
        return await steps.distinct("state")
