"""An undo while the step's call to its outside system is still out (V3), or lands late (V2)."""

import random

import pytest
from saga_calls import LEASE_SECONDS, NO, SAGA, answered, calling, document, failures
from saga_checked import breaches, in_force
from saga_played import OUTER, go_on, request, rest
from saga_told import states, status, undone

from contracts.journey import PARTNER_ONBOARDING_1

NAMES = PARTNER_ONBOARDING_1.step_names
EACH = pytest.mark.parametrize("step", OUTER)
REPLIES = ((), ("lost",), ("later",), ("bug",), (NO,))
ANY_ANSWER = pytest.mark.parametrize("replies", REPLIES, ids=("yes", "lost", "later", "bug", "no"))


@EACH
@ANY_ANSWER
async def test_v3_an_undo_during_the_call_is_remembered_whatever_the_answer(step, replies):
    world, held = await calling(step, *replies)
    await world.publish(request("a"))
    await world.run()
    one = document(world, step)
    assert (one.state, one.undo_wanted, step in undone(world, SAGA)) == ("pending", True, False)
    await answered(world, step, held)
    await rest(world)
    assert (status(world, SAGA), in_force(world, step, SAGA)) == ("COMPENSATED", 0)
    assert states(world, SAGA)[NAMES.index(step)] == ("rejected" if NO in replies else "undone")
    assert failures(world, step) == ([NO.code] if NO in replies else [])
    assert breaches(world, random.Random(1)) == []


@EACH
async def test_v3_it_is_not_taken_back_by_the_do_that_comes_again(step):
    world, held = await calling(step)
    await world.publish(request("a"))
    await world.run()
    world.workers[step].positions.clear()
    await world.run()
    assert document(world, step).undo_wanted
    await answered(world, step, held)
    await rest(world)
    assert in_force(world, step, SAGA) == 0


@EACH
@pytest.mark.parametrize("named", ["registration", "contract", "documents", None])
async def test_v3_a_request_that_names_a_step_before_it_is_remembered_too(step, named):
    world, held = await calling(step)
    await world.publish(request("a", named))
    await world.run()
    await answered(world, step, held)
    await rest(world)
    assert (status(world, SAGA), in_force(world, step, SAGA)) == ("COMPENSATED", 0)
    assert breaches(world, random.Random(1)) == []


@EACH
@ANY_ANSWER
async def test_v2_a_call_that_lands_after_its_lease_and_after_the_undo_does_nothing(step, replies):
    world, held = await calling(step, *replies)
    late = world.workers[step].calls.pop()
    go_on(world, LEASE_SECONDS + 1)
    await rest(world)
    await answered(world, step, held)
    await rest(world)
    assert status(world, SAGA) == "COMPENSATED"
    world.workers[step].calls.append(late)
    await world.run()
    await rest(world)
    assert (status(world, SAGA), in_force(world, step, SAGA)) == ("COMPENSATED", 0)
    assert breaches(world, random.Random(1)) == []
