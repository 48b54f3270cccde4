"""Whatever happened to a saga: played once more by the same code, nothing comes out differently."""

import os
import random
from collections import Counter

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from saga_mishaps import Mishaps, attend_to_parked, stumbling
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
from saga_rehearsed import STEPS, again
from saga_schedules import Schedule
from saga_told import by_saga, events

from contracts.envelope import Event
from contracts.journey import JOURNEYS
from services.cli.replay.outcomes import differences, outcome_of
from services.cli.replay.recorded import Recorded, recorded
from services.runtime.world import World

EXAMPLES = int(os.environ.get("ONBOARDING_EXAMPLES", "60"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300 + EXAMPLES)]
NO = {step.name: step.outside_no for step in STEPS}
KINDS = (
    {}, {}, {"pais": "KP"}, {"tipo_partner": "INDIVIDUAL"}, {"email": "nobody"},
    {"email": "same@b.example"}, {"email": "same@b.example"}, {"campaign_permissions": "VIDEO"},
    {"documents": [{"type": "IDENTITY", "number": ""}]},
)  # fmt: skip
REPLIES = ("lost", "later", "bug", "no")
ONE = st.tuples(
    st.sampled_from((ONBOARDING, CREATION)),
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(OUTER), st.lists(st.sampled_from(REPLIES), max_size=4) | st.just(["bug"] * 8)),
)  # fmt: skip
MISHAPS = st.builds(
    Mishaps, falls_back=st.integers(0, 3), crashes=st.integers(0, 3), sweeps=st.integers(0, 12),
    outages=st.integers(0, 2), visits=st.integers(0, 3), late_calls=st.integers(0, 2),
)  # fmt: skip


async def after(chosen: list, mishaps: Mishaps, chance: random.Random) -> World:
    """A world in which that happened, at rest."""
    world = new_world([stumbling(step, Counter()) for step in STEPS], platforms())
    sent = []
    for number, (journey, changes, replies) in enumerate(chosen):
        name, saga = f"p-{number}", saga_of(f"p-{number}", journey)
        for step, told in replies.items():
            platform(world, step).replies[saga] = [NO[step] if one == "no" else one for one in told]
        sent += [start(name, journey, **changes)] * chance.randint(1, 2)
        names = (None, *JOURNEYS[journey, 1].step_names)
        asked = chance.sample(names, chance.choice((0, 0, 1, 2)))
        sent += [request(name, step, journey) for step in asked]
    schedule = Schedule(world, chance, mishaps, sent)
    await schedule.run()
    await rest(world)
    while sum([await attend_to_parked(world, one, chance) for one in world.workers.values()]):
        await rest(world)
    note("\n".join(schedule.happened))
    return world


@settings(max_examples=EXAMPLES)
@given(
    st.lists(ONE, min_size=1, max_size=3), MISHAPS, st.builds(random.Random, st.integers(0, 2**32))
)
async def test_the_same_code_brings_about_the_same(chosen, mishaps, chance):
    world = await after(chosen, mishaps, chance)
    for saga_id, told in by_saga(events(world)).items():
        saga = recorded(saga_id, told)
        if saga.start is not None:
            played = await again(saga)
            found = differences(outcome_of(saga.events), outcome_of(played.events))
            assert [one.line for one in found if one.kind != "wording"] == []
            assert not played.assumed


@settings(max_examples=EXAMPLES)
@given(
    st.lists(ONE, min_size=1, max_size=2),
    MISHAPS,
    st.builds(random.Random, st.integers(0, 2**32)),
    st.integers(1, 12),
)
async def test_a_saga_that_is_recorded_up_to_some_moment_is_played_no_further(
    chosen, mishaps, chance, count
):
    world = await after(chosen, mishaps, chance)
    for saga_id, told in by_saga(events(world)).items():
        whole = recorded(saga_id, told)
        if whole.start is None:
            continue
        saga = recorded(saga_id, [whole.start, *_until(whole, count)])
        played = await again(saga)
        found = differences(outcome_of(saga.events), outcome_of(played.events))
        assert [one.line for one in found if one.kind != "wording"] == []


def _until(saga: Recorded, count: int) -> list[Event]:
    """The first so many, and all that were said at the same time."""
    first = saga.events[:count]
    return [event for event in saga.events if event.time <= first[-1].time]
