"""Whatever happens and whenever: at rest every saga has ended, and nothing is left in force.

ONBOARDING_EXAMPLES says how many schedules are played (200).
"""

import os
import random
from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from saga_checked import breaches
from saga_mishaps import Mishaps, attend_to_parked, stumbling
from saga_played import (
    CREATION,
    ONBOARDING,
    OUTER,
    go_on,
    new_world,
    platform,
    platforms,
    request,
    rest,
    restless,
    saga_of,
    start,
)
from saga_schedules import Schedule

from contracts.envelope import Message
from contracts.journey import JOURNEYS
from services.runtime.step import Rejected
from services.runtime.world import World
from services.steps import all_steps

pytestmark = pytest.mark.slow

EXAMPLES = int(os.environ.get("ONBOARDING_EXAMPLES", "200"))
KINDS = ({}, {}, {"pais": "AQ"}, {"tipo_partner": "INDIVIDUAL"}, {"email": "nobody"})
KINDS += ({"email": "same@b.example"},) * 2
REPLIES = ("lost", "later", "bug", Rejected("PLATFORM_SAID_NO", "No."))
ALWAYS_A_BUG = ["bug"] * 8


@dataclass(frozen=True)
class Given:
    """A saga: what is asked for, which steps persons name, and step by step what platforms answer
    and how often the step's own code raises."""

    journey: str
    changes: dict[str, str]
    requests: tuple[str | None, ...]
    replies: dict[str, list[object]]
    bugs: dict[str, int]


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
        draw(st.dictionaries(st.sampled_from(steps), st.integers(1, 4), max_size=1)),
    )


mishaps = st.builds(
    Mishaps,
    falls_back=st.integers(0, 3),
    crashes=st.integers(0, 3),
    sweeps=st.integers(0, 12),
    outages=st.integers(0, 2),
    visits=st.integers(0, 3),
    late_calls=st.integers(0, 2),
    jumps=st.integers(0, 2),
)
chances = st.builds(random.Random, st.integers(0, 2**32))  # to draw each choice would be slow


@pytest.mark.timeout(120 + EXAMPLES)
@settings(max_examples=EXAMPLES)
@given(st.lists(sagas(), min_size=1, max_size=3), mishaps, chances)
async def test_i1_to_i5_and_i7_hold_after_anything(chosen, mishaps, chance):
    world = world_of(chosen)
    schedule = Schedule(world, chance, mishaps, to_send(chosen, chance))
    try:
        await schedule.run()
        go_on(world, schedule.set_back_seconds)  # what the clock was set back by, it has to wait
        await rest(world)
        while sum([await attend_to_parked(world, one, chance) for one in world.workers.values()]):
            await rest(world)
    finally:
        note("\n".join(schedule.happened))
    assert breaches(world, chance, times_tell=not schedule.set_back_seconds) == []


def world_of(chosen: list[Given]) -> World:
    """Its platforms and its code fail as given."""
    sagas = [saga_of(f"p-{n}", one.journey) for n, one in enumerate(chosen)]
    given_ = list(zip(sagas, chosen, strict=True))
    bugs = Counter(
        {(saga, step): times for saga, one in given_ for step, times in one.bugs.items()}
    )
    world = new_world([stumbling(restless(step), bugs) for step in all_steps()], platforms())
    for saga, one in given_:
        for step, replies in one.replies.items():
            platform(world, step).replies[saga] = list(replies)
    return world


def to_send(chosen: list[Given], chance: random.Random) -> list[Message]:
    """The starts, some of them twice, and what persons ask."""
    messages: list[Message] = []
    for number, one in enumerate(chosen):
        name = f"p-{number}"
        messages += [start(name, one.journey, **one.changes)] * chance.randint(1, 2)
        messages += [request(name, step, one.journey) for step in one.requests]
    return messages
