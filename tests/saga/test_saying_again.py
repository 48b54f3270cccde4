"""What is said again ends: nothing that is said comes back to its sayer for ever."""

import random

import pytest
from saga_checked import breaches
from saga_played import (
    CREATION,
    ONBOARDING,
    go_on,
    new_world,
    platforms,
    played,
    request,
    rest,
    saga_of,
    start,
)
from saga_told import events, status, undone

from contracts.journey import JOURNEYS, PARTNER_ONBOARDING_1
from services.runtime.world import World

pytestmark = pytest.mark.timeout(20)  # a play that never ends says nothing of itself
STEPS = PARTNER_ONBOARDING_1.step_names
SAGA = saga_of("a")
R, K = "CompensationRequested", "CompensationCompleted"


async def given_up(step: str, outside=None) -> World:
    """The step is down, and the step before it has said so."""
    world = new_world(outside=outside)
    world.workers[step].is_up = False
    await world.publish(start("a"))
    await world.run()
    go_on(world, 36)
    assert await world.sweep() == 1
    return world


def times(world: World, step: str, name: str) -> int:
    source = f"/services/{step}"
    return sum(event.name == name and event.source == source for event in events(world))


@pytest.mark.parametrize("outside", [platforms, dict])
@pytest.mark.parametrize("step", STEPS[1:])
async def test_saying_k_again_says_nothing_else(step, outside):
    """The step before the silent one undoes by the request that stands in its own outbox: to say
    all of that again, on hearing it again, would be to hear it again, for ever."""
    world, before = await given_up(step, outside()), STEPS[STEPS.index(step) - 1]
    await world.run()
    assert status(world, SAGA) == "COMPENSATED"
    requests, undone_ = times(world, before, R), times(world, before, K)
    assert requests <= 2
    world.workers[before].positions.clear()
    await world.run()
    assert times(world, before, R) == requests
    assert undone_ < times(world, before, K) <= undone_ + requests


@pytest.mark.parametrize("journey", [ONBOARDING, CREATION])
@pytest.mark.parametrize("named", ["registration", "contract", None])
async def test_every_service_that_reads_all_topics_again_says_little(journey, named):
    """Each answer of a step goes one step on: no more than one word per step and replay."""
    world = await played(start("a", journey), outside=platforms())
    await world.publish(request("a", named, journey))
    await rest(world)
    names = JOURNEYS[journey, 1].step_names
    before = len(events(world))
    for worker in world.workers.values():
        worker.positions.clear()
    await world.run()
    assert len(events(world)) - before <= len(names) * (len(names) + 1)
    assert set(undone(world, saga_of("a", journey))) == set(names)
    assert breaches(world, random.Random(1)) == []
