"""A captured saga goes again as it went: done, refused, undone, too late, parked, by a person."""

from collections import Counter
from dataclasses import replace

import pytest
from saga_captured import capture, lost, recorded
from saga_mishaps import stumbling
from saga_played import (
    CREATION,
    ONBOARDING,
    OUTER,
    by_hand,
    go_on,
    new_world,
    platform,
    platforms,
    played,
    request,
    rest,
    saga_of,
    start,
)
from saga_told import status

from contracts.journey import JOURNEYS
from contracts.topics import dead_letter_topic
from services.cli.capture.playing import play, play_on
from services.runtime.step import Rejected
from services.steps import all_steps

STEPS = JOURNEYS[ONBOARDING, 1].step_names
SAGA = saga_of("a")
EXPIRED = [{"type": "IDENTITY", "number": "1", "expires_on": "2020-01-31"}]
NO = {
    "name": {"nombre": " "}, "denied": {"email": "a@sub.blocked.example"}, "country": {"pais": "KP"},
    "type": {"tipo_partner": "INDIVIDUAL"}, "expired": {"documents": EXPIRED},
    "channel": {"campaign_permissions": {"channels": ["VIDEO"]}},
    "jobs": {"recruitment_preferences": {"job_kinds": ["a secret job"]}},
    "nowhere": {"pais": "AQ"},
}  # fmt: skip
WORLDS = pytest.mark.parametrize("outside", [dict, platforms])


@WORLDS
@pytest.mark.parametrize("journey", [ONBOARDING, CREATION])
async def test_a_saga_that_completes(outside, journey):
    world = await played(start("a", journey), outside=outside())
    assert await lost(world, saga_of("a", journey)) is None


@WORLDS
@pytest.mark.parametrize("changes", NO.values(), ids=NO)
async def test_a_saga_whose_step_says_no(outside, changes):
    world = await played(start("a", **changes), outside=outside())
    assert recorded(world, SAGA).failure
    assert await lost(world, SAGA) is None


@pytest.mark.parametrize("step", OUTER)
async def test_a_saga_whose_outside_system_says_no(step):
    world = new_world(outside=platforms())
    platform(world, step).replies[SAGA] = ["later", "lost", Rejected("THEIR_NO", "No.")][:1]
    platform(world, step).replies[SAGA].append(Rejected("THEIR_NO", "No."))
    await world.publish(start("a"))
    await rest(world)
    assert recorded(world, SAGA).failure == f"{step}: THEIR_NO"
    assert await lost(world, SAGA) is None


async def test_a_partner_that_another_one_was_before():
    world = await played(start("b"), start("a", email="b@techsolutions.com"))
    assert recorded(world, SAGA).failure == "registration: DUPLICATE_PARTNER"
    assert await lost(world, SAGA) is None


@WORLDS
@pytest.mark.parametrize("step", STEPS[1:])
async def test_a_saga_whose_step_is_silent(outside, step):
    world = new_world(outside=outside())
    world.workers[step].is_up = False
    await world.publish(start("a"))
    await rest(world)
    assert recorded(world, SAGA).failure == f"{step}: TIMEOUT"
    assert await lost(world, SAGA) is None


@WORLDS
@pytest.mark.parametrize("step", STEPS)
async def test_a_saga_that_waits_for_a_step(outside, step):
    """It was captured before it ended: what will come then is not for the test to say."""
    world = new_world(outside=outside())
    world.workers[step].is_up = False
    await world.publish(start("a"))
    await world.run()
    assert recorded(world, SAGA).saga["current_step"] == step
    assert await lost(world, SAGA) is None


@pytest.mark.parametrize("step", OUTER)
async def test_a_saga_whose_step_ran_out_of_its_own_time(step):
    world = new_world(outside=platforms())
    platform(world, step).replies[SAGA] = ["later"] * 99
    await world.publish(start("a"))
    await world.run()
    while not recorded(world, SAGA).failure:
        go_on(world, 5)
        await world.sweep()
        await world.run()
    platform(world, step).replies[SAGA].clear()
    await rest(world)
    assert recorded(world, SAGA).steps[step] == "undone"
    assert await lost(world, SAGA) is None


@WORLDS
@pytest.mark.parametrize("failed", [None, *STEPS])
async def test_a_completed_saga_that_a_person_has_undone(outside, failed):
    world = await played(start("a"), outside=outside())
    await world.publish(request("a", failed))
    await rest(world)
    assert await lost(world, SAGA) is None


@WORLDS
@pytest.mark.parametrize("journey", [ONBOARDING, CREATION])
@pytest.mark.parametrize("named", [True, False])
async def test_a_saga_that_a_person_has_undone_on_its_way(outside, journey, named):
    for step in JOURNEYS[journey, 1].step_names:
        world, saga = new_world(outside=outside()), saga_of("a", journey)
        world.workers[step].is_up = False
        await world.publish(start("a", journey))
        await world.run()
        headers = {} if named else {"ce_journey": None}
        await world.publish(request("a", None, journey, **headers))
        await world.run()
        world.workers[step].is_up = True
        await rest(world)
        assert await lost(world, saga) is None, step


@pytest.mark.parametrize("step", STEPS)
async def test_a_saga_that_a_bug_parked_and_its_deadline_undid(step):
    buggy = [stumbling(one, Endless(step)) for one in all_steps()]
    world = new_world(buggy)
    await world.publish(start("a"))
    await rest(world)
    assert recorded(world, SAGA).failure == f"{step}: TIMEOUT"
    assert await lost(world, SAGA, buggy) is None
    mended = await play(capture(world, SAGA))
    assert (mended.status, "StepParked" in str(mended.departed)) == ("COMPLETED", True)


async def test_a_mended_bug_completes_the_saga_though_a_person_had_it_undone_then():
    buggy = [stumbling(one, Endless("contract")) for one in all_steps()]
    world = new_world(buggy)
    await world.publish(start("a"))
    await world.run()
    await world.publish(request("a"))
    await rest(world)
    taken = capture(world, SAGA)
    assert (await play_on(taken, buggy)).status == "COMPENSATED"
    assert (await play_on(taken)).status == "COMPLETED"


@pytest.mark.parametrize("step", STEPS)
async def test_a_saga_that_waits_parked(step):
    buggy = [stumbling(one, Endless(step)) for one in all_steps()]
    world = new_world(buggy)
    await world.publish(start("a"))
    await world.run()
    assert recorded(world, SAGA).steps[step] == "parked"
    assert await lost(world, SAGA, buggy) is None


@pytest.mark.parametrize("step", OUTER)
async def test_a_saga_whose_undo_was_parked_and_then_redriven_or_resolved(step):
    for asked in ("RedriveRequested", "ResolveRequested", None):
        world = new_world(outside=platforms())
        await world.publish(start("a"))
        await world.run()
        platform(world, step).replies[SAGA] = ["bug"] * 3
        await world.publish(request("a"))
        await rest(world)
        assert recorded(world, SAGA).steps[step] == "undo_parked"
        if asked:
            await world.publish(wish(asked, step))
            await rest(world)
        assert status(world, SAGA) == ("COMPENSATED" if asked else "COMPENSATING")
        assert await lost(world, SAGA) is None, asked


@pytest.mark.parametrize("step", OUTER)
async def test_a_saga_whose_step_was_parked_outside_and_redriven(step):
    world = new_world(outside=platforms())
    platform(world, step).replies[SAGA] = ["bug"] * 3
    await world.publish(start("a"))
    await world.run()
    for _ in range(5):
        go_on(world, 1)
        await world.sweep()
        await world.run()
    assert recorded(world, SAGA).steps[step] == "parked"
    await world.publish(wish("RedriveRequested", step))
    await rest(world)
    assert status(world, SAGA) == "COMPLETED"
    assert await lost(world, SAGA) is None


async def test_a_saga_whose_step_had_longer_than_usual_and_was_redriven_late():
    world = new_world(outside=platforms())
    for worker in world.workers.values():
        worker.delivery.part = replace(worker.delivery.part, seconds_for=lambda _: 600)
    platform(world, "campaigns").replies[SAGA] = ["bug"] * 3
    await world.publish(start("a"))
    await world.run()
    for seconds in (1, 1, 1, 300):
        go_on(world, seconds)
        await world.sweep()
        await world.run()
    await world.publish(wish("RedriveRequested", "campaigns"))
    await rest(world)
    assert status(world, SAGA) == "COMPLETED"
    assert await lost(world, SAGA) is None


class Endless(Counter):
    """A bug of one step that nobody mends."""

    def __init__(self, step: str) -> None:
        super().__init__()
        self.step = step

    def __getitem__(self, own: tuple[str, str]) -> int:
        return int(own[1] == self.step)

    def __setitem__(self, own: tuple[str, str], left: int) -> None: ...


def wish(name: str, step: str):
    body = {"step": step, "reason": "It is repaired.", "requested_by": "ops-1"}
    headers = {"ce_sagaid": SAGA, "ce_journey": f"{ONBOARDING}/1"}
    return replace(by_hand(name, f"{name}-{step}", body, **headers), topic=dead_letter_topic(step))
