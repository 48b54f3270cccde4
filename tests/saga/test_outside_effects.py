"""Steps with outside systems: a yes, a no, answers that are lost or late, bugs."""

import random

import pytest
from saga_checked import breaches, in_force
from saga_played import OUTER, go_on, new_world, platform, platforms, played, rest, saga_of, start
from saga_told import events, projected, said, states, status, undone

from contracts.journey import PARTNER_ONBOARDING_1
from services.runtime.memory import MemoryOutside
from services.runtime.step import Rejected

SAGA = saga_of("a")
NO = Rejected("PLATFORM_SAID_NO", "The platform said no.")
R, F, PARKED = "CompensationRequested", "PartnerOnboardingFailed", "StepParked"
NAMES = PARTNER_ONBOARDING_1.step_names
EACH = pytest.mark.parametrize("step", OUTER)


async def answering(step: str, *replies):
    """A saga at rest whose step was answered so, call by call."""
    world = new_world(outside=platforms())
    platform(world, step).replies[SAGA] = list(replies)
    await world.publish(start("a"))
    await rest(world)
    assert breaches(world, random.Random(1)) == []
    return world


async def test_a_saga_completes_with_one_effect_at_each():
    world = await answering("documents")
    assert status(world, SAGA) == "COMPLETED"
    assert [platform(world, step).effects for step in OUTER] == [[("created", SAGA)]] * 3


async def test_before_the_answer_nothing_is_said():
    world = new_world(outside=platforms())
    world.workers["documents"].outside = None
    await world.publish(start("a"))
    await world.run()
    assert states(world, SAGA)[2] == "pending"
    assert status(world, SAGA) == "CONTRACT_CREATED"


@EACH
async def test_its_no_is_the_no_of_the_step(step):
    world = await answering(step, NO)
    before = NAMES[: NAMES.index(step)]
    assert list(undone(world, SAGA).items()) == [(name, "undone") for name in reversed(before)]
    told = projected(world)[SAGA]
    assert (told["status"], told["failure"]["code"]) == ("COMPENSATED", NO.code)
    assert states(world, SAGA)[NAMES.index(step)] == "rejected"
    assert sum(in_force(world, one, SAGA) for one in OUTER) == 0


@EACH
async def test_a_call_whose_answer_is_lost_is_repeated_and_has_one_effect(step):
    world = await answering(step, "lost", "lost")
    assert status(world, SAGA) == "COMPLETED"
    assert platform(world, step).effects == [("created", SAGA), *[("repeated", SAGA)] * 2]


@EACH
async def test_what_fails_for_a_while_is_tried_until_it_answers(step):
    world = await answering(step, "later", "later", "later", "later")
    assert status(world, SAGA) == "COMPLETED"
    assert platform(world, step).effects == [*[("refused", SAGA)] * 4, ("created", SAGA)]


@EACH
async def test_what_fails_beyond_the_deadline_is_undone_with_the_failure_timeout(step):
    world = new_world(outside=platforms())
    platform(world, step).replies[SAGA] = ["lost", *["later"] * 200]
    await world.publish(start("a"))
    await world.run()
    while R not in said(world, SAGA):
        go_on(world, 1)
        await world.sweep()
        await world.run()
    platform(world, step).replies.clear()
    await rest(world)
    told = projected(world)[SAGA]
    assert (told["status"], told["failure"]["code"]) == ("COMPENSATED", "TIMEOUT")
    assert told["failure"]["step"] == step
    assert undone(world, SAGA)[step] == "undone"
    assert breaches(world, random.Random(1)) == []


@EACH
async def test_a_bug_sets_the_saga_aside_and_the_deadline_undoes_it(step):
    world = new_world(outside=platforms())
    platform(world, step).replies[SAGA] = ["bug"] * 3
    await world.publish(start("a"))
    await world.run()
    for _ in range(4):
        go_on(world, 2)
        await world.sweep()
        await world.run()
    assert states(world, SAGA)[NAMES.index(step)] == "parked"
    (parked,) = {event.event_id: event for event in events(world) if event.name == PARKED}.values()
    assert (parked.data.step, parked.data.state, parked.data.attempts) == (step, "parked", 3)
    await rest(world)
    told = projected(world)[SAGA]
    assert (told["status"], told["failure"]["step"]) == ("COMPENSATED", step)
    assert told["failure"]["code"] == "TIMEOUT"
    assert said(world, SAGA).count(F) == 1
    assert breaches(world, random.Random(1)) == []


@EACH
async def test_an_undo_whose_answer_is_lost_is_repeated(step):
    world = new_world(outside=platforms())
    after = NAMES[NAMES.index(step) + 1 :]
    no = {"email": "a@b.example", "recruitment_preferences": {"seats": 11}} if after else {}
    await world.publish(start("a", **no))
    await world.run()
    platform(world, step).replies[SAGA] = ["lost", "later", "later"]
    await rest(world)
    assert breaches(world, random.Random(1)) == []


class Forgetful(MemoryOutside):
    """It ignores the keys of its callers: whatever is asked twice is done twice."""

    async def do(self, key, body, /):
        self._answers.pop(key, None)
        return await super().do(key, body)


async def test_the_check_of_effects_sees_a_platform_that_ignores_its_keys():
    outside = {**platforms(), "campaigns": Forgetful()}
    outside["campaigns"].replies[SAGA] = ["lost"]
    world = await played(start("a"), outside=outside)
    await rest(world)
    assert status(world, SAGA) == "COMPLETED"
    assert [line[:2] for line in breaches(world, random.Random(1))] == ["I2", "I2"]
