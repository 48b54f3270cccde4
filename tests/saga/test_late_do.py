"""A do that comes after its undo, for the first time or again: it is refused."""

import random

import pytest
from saga_checked import breaches
from saga_played import new_world, platforms, played, request, rest, saga_of, start
from saga_told import events, said, status, undone

from contracts.journey import PARTNER_ONBOARDING_1
from contracts.topics import event_topic

STEPS = PARTNER_ONBOARDING_1.step_names


@pytest.mark.parametrize("step", STEPS)
async def test_a_do_that_comes_after_the_undo_is_refused(step):
    """The step has not read what it waits for when the undo reaches it."""
    world = new_world(outside=platforms())
    worker = world.workers[step]
    heard = worker.topics[0]
    worker.topics = [topic for topic in worker.topics if topic != heard]
    await world.publish(start("a"), request("a"))
    await world.run()
    worker.topics = [heard, *worker.topics]
    await rest(world)
    row = PARTNER_ONBOARDING_1.step(step)
    assert row.says not in said(world, saga_of("a"))
    assert undone(world, saga_of("a"))[step] == "nothing_to_undo"
    assert breaches(world, random.Random(1)) == []
    assert status(world, saga_of("a")) == "COMPENSATED"


@pytest.mark.parametrize("step", STEPS)
async def test_a_do_that_comes_again_after_the_undo_says_nothing(step):
    world = await played(start("a"), outside=platforms())
    await world.publish(request("a"))
    await rest(world)
    before, cells = len(events(world)), len(world.workers[step].cells)
    heard = event_topic(PARTNER_ONBOARDING_1.step(step).hears)
    world.workers[step].positions = {
        place: 0 if place[0] == heard else position
        for place, position in world.workers[step].positions.items()
    }
    await rest(world)
    assert [cell for cell, _ in world.workers[step].cells[cells:]] == ["do, undone"]
    assert len(events(world)) == before
