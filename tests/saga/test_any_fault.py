"""Whatever happens and whenever: at rest every saga has ended, and nothing is left in force.

ONBOARDING_EXAMPLES says how many schedules are played (200).
"""

import os
import random
from dataclasses import dataclass

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from saga_checked import breaches
from saga_mishaps import Mishaps, redrive_parked
from saga_played import (
    CREATION,
    ONBOARDING,
    OUTER,
    new_world,
    platform,
    request,
    rest,
    restless,
    saga_of,
    start,
)
from saga_schedules import Schedule

from contracts.journey import JOURNEYS
from services.runtime.memory import MemoryOutside
from services.runtime.step import Rejected
from services.runtime.world import World
from services.steps import all_steps

EXAMPLES = int(os.environ.get("ONBOARDING_EXAMPLES", "200"))
KINDS = ({}, {}, {"pais": "AQ"}, {"tipo_partner": "INDIVIDUAL"}, {"email": "nobody"})
REPLIES = ("lost", "later", "bug", Rejected("PLATFORM_SAID_NO", "No."))
ALWAYS_A_BUG = ["bug"] * 8


@dataclass(frozen=True)
class Given:
    """A saga: what is asked for, which steps persons name, what platforms answer, step by step."""

    journey: str
    changes: dict[str, str]
    requests: tuple[str | None, ...]
    replies: dict[str, list[object]]


replies = st.lists(st.sampled_from(REPLIES), max_size=4) | st.just(ALWAYS_A_BUG)


@st.composite
def sagas(draw: st.DrawFn) -> Given:
    journey = draw(st.sampled_from((ONBOARDING, CREATION)))
    steps = JOURNEYS[journey, 1].step_names
    return Given(
        journey,
        draw(st.sampled_from(KINDS)),
        tuple(draw(st.lists(st.sampled_from((None, *steps)), max_size=2, unique=True))),
        draw(st.dictionaries(st.sampled_from(OUTER), replies)),
    )


mishaps = st.builds(
    Mishaps,
    falls_back=st.integers(0, 3),
    crashes=st.integers(0, 3),
    sweeps=st.integers(0, 12),
    outages=st.integers(0, 2),
    redrives=st.integers(0, 2),
    late_calls=st.integers(0, 2),
)


chances = st.integers(0, 2**32).map(random.Random)  # to draw each choice would be slow


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(sagas(), min_size=1, max_size=3), mishaps, chances)
async def test_i1_to_i5_and_i7_hold_after_anything(chosen, mishaps, chance):
    world = await played(chosen, mishaps, chance)
    assert breaches(world, chance) == []


async def played(
    chosen: list[Given], mishaps: Mishaps, chance: random.Random, outside=MemoryOutside
) -> World:
    """Everything is sent at some moment; at last time passes, and persons redrive."""
    world = new_world([restless(step) for step in all_steps()], {one: outside() for one in OUTER})
    to_send = []
    for number, one in enumerate(chosen):
        name = f"p-{number}"
        to_send += [start(name, one.journey, **one.changes)] * chance.randint(1, 2)
        to_send += [request(name, step, one.journey) for step in one.requests]
        for step, replies in one.replies.items():
            platform(world, step).replies[saga_of(name, one.journey)] = list(replies)
    schedule = Schedule(world, chance, mishaps, to_send)
    try:
        await schedule.run()
        await rest(world)
        while sum([await redrive_parked(world, one) for one in world.workers.values()]):
            await rest(world)
    finally:
        note("\n".join(schedule.happened))
    return world
