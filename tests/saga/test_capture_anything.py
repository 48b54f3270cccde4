"""A captured saga goes again as it went, whatever happened to it: schedules that chance made."""

import random

import pytest
from saga_captured import lost
from saga_mishaps import Mishaps, attend_to_parked
from saga_played import (
    CREATION,
    ONBOARDING,
    OUTER,
    new_world,
    platform,
    platforms,
    request,
    rest,
    saga_of,
    start,
)
from saga_schedules import Schedule

from contracts.journey import JOURNEYS
from services.runtime.step import Rejected
from services.runtime.world import World

REPLIES = ("yes", "lost", "later", "bug", Rejected("PLATFORM_SAID_NO", "No."))
KINDS = ({}, {}, {"pais": "AQ"}, {"tipo_partner": "INDIVIDUAL"}, {"email": "nobody"})


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 200, 50))
async def test_sagas_to_which_anything_happened(first):
    """Crashes, outages, late calls, answers of all kinds, requests and wishes at any moment."""
    for seed in range(first, first + 50):
        world, saga = await anything(seed)
        assert await lost(world, saga) is None, seed


async def anything(seed: int) -> tuple[World, str]:
    chance = random.Random(seed)
    journey = chance.choice((ONBOARDING, CREATION))
    world, saga = new_world(outside=platforms()), saga_of("a", journey)
    for step in OUTER:
        platform(world, step).replies[saga] = chance.choices(REPLIES, k=chance.choice((0, 0, 3, 8)))
    asked = chance.sample((None, *JOURNEYS[journey, 1].step_names), chance.randint(0, 2))
    changes = chance.choice(KINDS)
    sent = [start("a", journey, **changes), *(request("a", step, journey) for step in asked)]
    mishaps = Mishaps(*(chance.randint(0, most) for most in (3, 3, 12, 2, 3, 2)))
    await Schedule(world, chance, mishaps, sent).run()
    await rest(world)
    while sum([await attend_to_parked(world, one, chance) for one in world.workers.values()]):
        await rest(world)
    return world, saga
