"""Services that know a version more roll in under load, and out again: each saga ends on its own.

A new worker joins, then the old one is told to stop, one service after the other, saga_state too.
What took effect is counted in the log of the platform that the steps call.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.stack import GATEWAY, STEPS
from tests.chaos.rest import until_at_rest, verdict
from tests.conftest import RealServers
from tests.integration.polling import until
from tests.integration.rolling import (
    TRAINED,
    Fleet,
    Load,
    said,
    steps_of,
    versions,
    with_sixth_step,
)
from tests.integration.system import System, system
from tests.integration.with_platform import SETTINGS, platform_of
from tests.sources import ROOT

SECOND = "partner-onboarding/2"
HEARERS_FIRST = ("saga_state", *reversed(STEPS), GATEWAY)
LATER = {"ONBOARDING_TRAINING_TIMEOUT_SECONDS": "300"}  # version 2 is held there for a while
STARTS_ON_2 = {"ONBOARDING_JOURNEY_VERSION": "2"}
REST_SECONDS = 240
pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture
async def rolled(real_servers: RealServers, prefix: str, tmp_path: Path) -> AsyncIterator[System]:
    """Without services: `Fleet` has them."""
    async with system(
        real_servers.kafka, real_servers.mongo, prefix, tmp_path / "up", (),
        env=SETTINGS, platform=True,
    ) as running:  # fmt: skip
        yield running


async def test_services_roll_to_a_version_more_and_back_and_every_saga_ends_on_its_own(
    rolled: System, tmp_path: Path
):
    fleet = Fleet(rolled, with_sixth_step(tmp_path / "next"))
    await fleet.begin(HEARERS_FIRST)
    await platform_of(rolled).tell("slow", seconds=1, share=0.3)
    async with Load(rolled) as load:
        await _all_know_it(fleet)
        await _starts_on_2(fleet)
        await _old_code_would_strand_what_is_on_2(fleet)
        await fleet.join("training", **LATER)
        await _starts_on_1_until_none_is_on_2(fleet)
        await _back_to_the_old_code(fleet)
    await until_at_rest(rolled, REST_SECONDS)
    await _all_ended_on_their_own(rolled, load)


async def _all_know_it(fleet: Fleet) -> None:
    made = await fleet.onboarding("topics", "create")
    assert (made.code, TRAINED in made.out) == (0, True), made
    for service in HEARERS_FIRST:
        await fleet.join(service, **LATER)
    told = await fleet.onboarding("journeys", "-o", "json")
    (row,) = [one for one in told.json if f"{one['journey']}/{one['version']}" == SECOND]
    assert row["absent"] == ["training"]
    assert not row["starts_here"]
    assert {one["instance"] for one in row["instances"] if not one["knows_it"]} == set()


async def _starts_on_2(fleet: Fleet) -> None:
    """Some are read as version 1 by a projection that was not told yet."""
    await fleet.join("registration", **LATER, **STARTS_ON_2)

    async def some_wait_for_training() -> bool:
        return await fleet.running.count(journey_version=2, current_step="training") >= 5

    await until("sagas of version 2", some_wait_for_training)
    await fleet.join("saga_state", **STARTS_ON_2)


async def _old_code_would_strand_what_is_on_2(fleet: Fleet) -> None:
    refused = await fleet.onboarding("journeys", "check", "--against", str(ROOT), "-o", "json")
    assert refused.code == 1, refused
    assert {(row["journey"], row["why"]) for row in refused.json} == {
        (SECOND, "this version is gone")
    }


async def _starts_on_1_until_none_is_on_2(fleet: Fleet) -> None:
    for service in ("registration", "saga_state"):
        await fleet.join(service, **LATER)

    async def none_is_on_2() -> bool:
        return not await fleet.running.count(journey_version=2, ended_at=None)

    await until("the ends of all sagas of version 2", none_is_on_2, REST_SECONDS)
    allowed = await fleet.onboarding("journeys", "check", "--against", str(ROOT))
    assert allowed.code == 0, allowed
    assert f"completed sagas of {SECOND} could not be undone any more" in allowed.err


async def _back_to_the_old_code(fleet: Fleet) -> None:
    await fleet.leave("training")
    for service in reversed(HEARERS_FIRST):
        await fleet.join_old(service)


async def _all_ended_on_their_own(running: System, load: Load) -> None:
    ends, faults = await verdict(running)
    assert faults == {}
    assert ends == {"COMPLETED": len(load.good), "COMPENSATED": len(load.refused)}
    assert {name: len(some) for name, some in (await running.dead_letters()).items() if some} == {}
    events = await said(running)
    assert {len(some) for some in versions(events).values()} == {1}
    trained = [one.header("ce_sagaid") for one in events if one.topic.endswith(TRAINED)]
    on_2 = {saga for saga, (version,) in versions(events).items() if version == SECOND}
    completed = {one["_id"]: one for one in await running.sagas(status="COMPLETED")}
    assert set(trained) == on_2 & completed.keys()
    assert trained
    for saga, one in completed.items():
        assert (
            steps_of(one) == [*STEPS[:-1], "training", STEPS[-1]] if saga in on_2 else list(STEPS)
        )
