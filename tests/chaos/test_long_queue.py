"""A queue punishes nobody: a service that is slow and alive ends what it has, however late.

The time that a step has is a small part of what the last saga waits.
"""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.chaos.conftest import Found
from tests.chaos.rest import platform_of
from tests.chaos.verdict import STATUS_AFTER, sagas_of
from tests.conftest import RealServers
from tests.integration import starts
from tests.integration.outside import Reading, Seen
from tests.integration.polling import until_nothing
from tests.integration.system import System, system

CALL_SECONDS = 0.25  # sixteen at once: 64 sagas a second at the most
TIMEOUT_SECONDS, GRACE_SECONDS = 8, 1
SETTINGS = {
    "ONBOARDING_STEP_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
    "ONBOARDING_STEP_GRACE_SECONDS": str(GRACE_SECONDS),
    "ONBOARDING_DOCUMENTS_URL": "",
    "ONBOARDING_RECRUITMENT_URL": "",
    "ONBOARDING_LOG_LEVEL": "WARNING",
}
UNDOING = ("PartnerOnboardingFailed", "CompensationRequested")
ENDS = ("recruitment-setup-completed", "partner-onboarding-failed", "compensation-requested")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(500)]


@pytest.mark.long
@pytest.mark.parametrize("sagas", [1000, 5000])
async def test_no_saga_is_undone_that_waits_in_a_long_queue_before_a_slow_service(
    real_servers: RealServers, prefix: str, tmp_path: Path, found: Found, sagas: int
):
    async with system(
        real_servers.kafka, real_servers.mongo, prefix, tmp_path, env=SETTINGS, platform=True
    ) as running:
        await platform_of(running).tell("slow", step="campaigns", seconds=CALL_SECONDS)
        sent = [starts.start(correlation_id=f"queued-{number}") for number in range(sagas)]
        await starts.send(running.kafka, running.start_topic, *sent)
        await until_all_completed_or_one_is_undone(running, sagas)
        events = await running.events()
        failures = sayers_of_failures(events)
        found.add(f"queue of {sagas}: failures and requests said", failures.total(), "", 0)
        assert failures == {}
        waited = longest_wait(events)
        found.add(f"queue of {sagas}: longest wait for a step", waited.total_seconds(), "s")
        assert waited > timedelta(seconds=TIMEOUT_SECONDS + GRACE_SECONDS)
        await running.completed(sagas)


async def until_all_completed_or_one_is_undone(running: System, sagas: int) -> None:
    topics = [f"{running.prefix}onboarding.{name}" for name in ENDS]
    async with Reading(running.kafka, topics) as reading:

        async def left() -> int:
            await reading.more()
            if any(one.type in UNDOING for one in reading.seen):
                return 0
            return sagas - len({one.header("ce_sagaid") for one in reading.seen})

        await until_nothing("sagas that have not completed", left, seconds=300)


def sayers_of_failures(events: list[Seen]) -> Counter[tuple[str, ...]]:
    """Who said that which step failed, and why."""
    failed = [one for one in events if one.type in UNDOING]
    return Counter((one.header("ce_source"), *map(str, one.body.values())) for one in failed)


def longest_wait(events: list[Seen]) -> timedelta:
    """Of any saga for any step: the queue was as long as it was to be."""
    waits = timedelta()
    for said in sagas_of(events).values():
        at = [datetime.fromisoformat(said[name][0].header("ce_time")) for name in STATUS_AFTER]
        waits = max(waits, *(after - before for before, after in pairwise(at[:-1])))
    return waits
