"""A minute of deaths at random under load, on a platform that fails: one effect each, none left.

What came of it is told from the topics and from the platform's own log. In a control run the
platform ignores its keys, and the same verdict must find that. ONBOARDING_CHAOS_SECONDS makes it
longer, ONBOARDING_CHAOS_SEED repeats what was drawn.
"""

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.chaos.conftest import Found
from tests.chaos.mayhem import SETTINGS, Mayhem, deaths_in_words
from tests.chaos.rest import platform_of, until_at_rest, verdict
from tests.chaos.verdict import sagas_of
from tests.conftest import RealServers
from tests.integration.polling import until
from tests.integration.system import System, system

SECONDS = float(os.environ.get("ONBOARDING_CHAOS_SECONDS", "60"))
FIRST_YES = "PartnerRegistrationCompleted"
CONTROL_SECONDS, CONTROL_ROUNDS = 20, 5
REST_SECONDS = 150
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400 + SECONDS)]


@pytest.mark.long
async def test_whatever_dies_and_fails_every_saga_ends_with_one_effect_each_and_none_left(
    real_servers: RealServers, prefix: str, tmp_path: Path, found: Found
):
    print(f"ONBOARDING_CHAOS_SEED={found.seed}")
    async with system(
        real_servers.kafka, real_servers.mongo, prefix, tmp_path, env=SETTINGS, platform=True
    ) as running:
        mayhem = Mayhem(running, platform_of(running), random.Random(found.seed))
        await mayhem.rage(SECONDS)
        await until_at_rest(running, REST_SECONDS)
        ends, faults = await verdict(running)
        tell(found, mayhem, ends, faults)
        assert faults == {}
        assert set(ends) == {"COMPLETED", "FAILED", "COMPENSATED"}, "not all kinds were tried"
        assert await correlations(running) == Counter(mayhem.started)
        await same_in_the_projection(running, ends)


@pytest.mark.long
async def test_the_verdict_finds_a_platform_that_ignores_its_keys(
    real_servers: RealServers, prefix: str, tmp_path: Path, found: Found
):
    async with system(
        real_servers.kafka, real_servers.mongo, prefix, tmp_path, env=SETTINGS, platform=True
    ) as running:
        mayhem = Mayhem(running, platform_of(running), random.Random(found.seed))
        for _ in range(CONTROL_ROUNDS):  # where so much dies, few sagas come to a call in time
            await mayhem.platform.tell("ignore_keys")
            await mayhem.platform.tell("lose", method="PUT", share=0.5)
            await mayhem.rage(CONTROL_SECONDS)
            if max(mayhem.platform.counted("created").values(), default=0) > 1:
                break
        await until_at_rest(running, REST_SECONDS)
        _, faults = await verdict(running)
        words = " ".join(fault for found in faults.values() for fault in found)
        assert " effects" in words, faults  # which is said only where there are more than one


def tell(found: Found, mayhem: Mayhem, ends: Counter[str], faults: dict[str, list[str]]) -> None:
    print(*deaths_in_words(mayhem.deaths), sep="\n")
    found.add("random kills: services killed", mayhem.deaths.total(), "")
    found.add("random kills: sagas that a person asked to undo", len(mayhem.requested), "")
    for end, count in sorted(ends.items()):
        found.add(f"random kills: sagas {end}", count, "")
    found.add("random kills: sagas with a fault", len(faults), "", 0)


async def correlations(running: System) -> Counter[str]:
    """How many sagas there are of each correlation id, by the word of the first step."""
    sagas = sagas_of(await running.events()).values()
    words = [said.get(FIRST_YES) or said["PartnerOnboardingFailed"] for said in sagas]
    return Counter(records[0].header("ce_correlationid") for records in words)


async def same_in_the_projection(running: System, ends: Counter[str]) -> None:
    told: Counter[str] = Counter()

    async def same() -> bool:
        told.clear()
        told.update(saga["status"] for saga in await running.sagas())
        return told == ends

    await until(f"the projection tells {ends}", same)
