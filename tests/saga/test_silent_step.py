"""A step that is down: the step before it gives it up, and it comes back without any effect."""

import random

import pytest
from saga_checked import breaches, in_force
from saga_played import (
    CREATION,
    ONBOARDING,
    OUTER,
    go_on,
    new_world,
    platforms,
    played,
    rest,
    saga_of,
    start,
)
from saga_told import projected, said, states, status, undone

from contracts.journey import JOURNEYS

R, F = "CompensationRequested", "PartnerOnboardingFailed"
TIMEOUT_AND_GRACE_SECONDS = 35
SILENT = [(ONBOARDING, step) for step in JOURNEYS[ONBOARDING, 1].step_names[1:]]
SILENT += [(CREATION, "contract")]


async def without(step: str, journey: str, outside=None):
    """Everybody else has done what there is to do."""
    world = new_world(outside=outside)
    world.workers[step].is_up = False
    await world.publish(start("a", journey))
    await world.run()
    return world


@pytest.mark.parametrize("outside", [platforms, dict])
@pytest.mark.parametrize(("journey", "step"), SILENT)
async def test_it_is_given_up_after_timeout_and_grace(journey, step, outside):
    world, saga = await without(step, journey, outside()), saga_of("a", journey)
    go_on(world, TIMEOUT_AND_GRACE_SECONDS - 2)
    await world.sweep()
    assert F not in said(world, saga)
    go_on(world, 2)
    assert await world.sweep() == 1
    await world.run()
    names = JOURNEYS[journey, 1].step_names
    before = names[: names.index(step)]
    assert list(undone(world, saga)) == [*reversed(before)]
    told = projected(world)[saga]
    assert (told["status"], told["failure"]["step"]) == ("COMPENSATED", step)
    assert told["failure"]["code"] == "TIMEOUT"


@pytest.mark.parametrize("outside", [platforms, dict])
@pytest.mark.parametrize(("journey", "step"), SILENT)
async def test_when_it_comes_back_it_works_through_its_backlog_without_effect(
    journey, step, outside
):
    world, saga = await without(step, journey, outside()), saga_of("a", journey)
    go_on(world, TIMEOUT_AND_GRACE_SECONDS)
    await world.sweep()
    await world.run()
    world.workers[step].is_up = True
    await rest(world)
    if world.workers["documents"].outside:
        assert [in_force(world, one, saga) for one in OUTER] == [0, 0, 0]
    assert breaches(world, random.Random(1)) == []
    assert status(world, saga) == "COMPENSATED"


async def test_while_its_backlog_has_the_do_before_the_undo_its_effect_is_undone():
    """In passing a late do may be in force after COMPENSATED, until its own undo."""
    world, saga = await without("documents", ONBOARDING, platforms()), saga_of("a")
    go_on(world, TIMEOUT_AND_GRACE_SECONDS)
    await world.sweep()
    await world.run()
    worker = world.workers["documents"]
    worker.topics, later = worker.topics[:1], worker.topics
    worker.is_up = True
    await world.run()
    assert in_force(world, "documents", saga) == 1
    worker.topics = later
    await rest(world)
    assert in_force(world, "documents", saga) == 0
    assert undone(world, saga)["documents"] == "undone"
    assert (status(world, saga), breaches(world, random.Random(1))) == ("COMPENSATED", [])


async def test_w6_an_effect_that_a_dead_service_never_announced_is_undone_when_it_is_back():
    """The process ends between recording and saying."""
    world, saga = new_world(outside=platforms()), saga_of("a")
    worker = world.workers["campaigns"]

    class Ends:
        async def publish(self, messages):
            worker.is_up = worker.is_up and not messages

    worker.delivery.log = Ends()
    await world.publish(start("a"))
    await world.run()
    go_on(world, TIMEOUT_AND_GRACE_SECONDS)
    await world.sweep()
    await world.run()
    assert (status(world, saga), in_force(world, "campaigns", saga)) == ("COMPENSATED", 1)
    worker.is_up, worker.delivery.log = True, world.log
    await rest(world)
    assert (status(world, saga), in_force(world, "campaigns", saga)) == ("COMPENSATED", 0)


async def test_nobody_gives_up_the_first_step_its_start_waits_in_the_log():
    world = await without("registration", ONBOARDING)
    go_on(world, 1000)
    await rest(world)
    assert status(world, saga_of("a")) == "INITIATED"
    world.workers["registration"].is_up = True
    await rest(world)
    assert status(world, saga_of("a")) == "COMPLETED"


@pytest.mark.parametrize("journey", [ONBOARDING, CREATION])
async def test_a_step_that_has_answered_is_never_given_up(journey):
    world = await played(start("a", journey), outside=platforms())
    await rest(world)
    assert (status(world, saga_of("a", journey)), R in said(world, saga_of("a", journey))) == (
        "COMPLETED",
        False,
    )
    assert set(states(world, saga_of("a", journey))) <= {"done", "absent"}


async def test_v10_it_is_given_up_once_however_often_one_looks():
    world, saga = await without("documents", ONBOARDING), saga_of("a")
    for _ in range(5):
        go_on(world, TIMEOUT_AND_GRACE_SECONDS)
        await world.sweep()
        await world.run()
    assert said(world, saga).count(F) == 1
    cells = [cell for cell, _ in world.workers["contract"].cells if cell.startswith("watch")]
    assert cells == ["watch, done"]
