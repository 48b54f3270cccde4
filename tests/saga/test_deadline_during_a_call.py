"""The step's own deadline while its call to the outside system is still out (V1, X5, W5, X1)."""

import random

import pytest
from saga_calls import NO, SAGA, answered, calling, document, failures
from saga_checked import breaches, in_force
from saga_played import OUTER, go_on, request, rest
from saga_told import in_order, states, status, undone

from contracts.journey import PARTNER_ONBOARDING_1

NAMES = PARTNER_ONBOARDING_1.step_names
EACH = pytest.mark.parametrize("step", OUTER)
OWN_DEADLINE_SECONDS = 31
R = "CompensationRequested"


@EACH
async def test_x5_its_own_deadline_is_said_now_and_the_undo_follows_the_answer(step):
    world, held = await calling(step)
    go_on(world, OWN_DEADLINE_SECONDS)
    await world.sweep()
    await world.run()
    one = document(world, step)
    assert (one.state, one.undo_wanted, one.deadline_spoke) == ("pending", True, True)
    before = NAMES[: NAMES.index(step)]
    assert list(undone(world, SAGA)) == [*reversed(before)]
    assert failures(world, step) == ["TIMEOUT"]
    assert status(world, SAGA) == "COMPENSATING"
    await answered(world, step, held)
    await rest(world)
    assert list(undone(world, SAGA).items()) == [
        *((name, "undone") for name in reversed(before)),
        (step, "undone"),
    ]
    assert (status(world, SAGA), in_force(world, step, SAGA)) == ("COMPENSATED", 0)


@EACH
async def test_w5_x1_a_no_after_the_deadline_spoke_blocks_and_fails_nothing_twice(step):
    world, held = await calling(step, NO)
    go_on(world, OWN_DEADLINE_SECONDS)
    await world.sweep()
    await answered(world, step, held)
    await rest(world)
    assert states(world, SAGA)[NAMES.index(step)] == "blocked"
    assert undone(world, SAGA)[step] == "nothing_to_undo"
    assert failures(world, step) == ["TIMEOUT"]
    assert sum(event.name == R for event in in_order(world, SAGA)) == 1
    assert status(world, SAGA) == "COMPENSATED"
    assert breaches(world, random.Random(1)) == []


@EACH
async def test_v1_x5_the_deadline_speaks_though_an_undo_was_wanted_already(step):
    world, held = await calling(step)
    await world.publish(request("a"))
    await world.run()
    go_on(world, OWN_DEADLINE_SECONDS)
    await world.sweep()
    await world.run()
    assert failures(world, step) == ["TIMEOUT"]
    await answered(world, step, held)
    await rest(world)
    assert (status(world, SAGA), in_force(world, step, SAGA)) == ("COMPENSATED", 0)
