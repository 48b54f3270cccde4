"""asyncapi.json tells who says and who hears what: the steps really do, no more and no less."""

from collections import defaultdict
from dataclasses import replace

import pytest
from saga_played import CREATION, ONBOARDING, START, go_on, new_world, played, request, rest, start
from saga_told import events

from contracts.journey import JOURNEYS, PARTNER_CREATION_1, Journey, journeys_of, rows_of
from contracts.participants import PRODUCER, SAGA_STATE, participants
from contracts.topics import dead_letter_topic, event_topic
from services.runtime.hearing import answers_of, topics_of

STEPS = [part for part in participants() if part not in (PRODUCER, SAGA_STATE)]
NOES = (
    {"email": "nobody"},
    {"tipo_partner": "INDIVIDUAL"},
    {"documents": [{"type": "IDENTITY", "number": ""}]},
    {"campaign_permissions": "VIDEO"},
    {"pais": "AQ"},
)


@pytest.mark.parametrize("part", STEPS, ids=lambda part: part.name)
@pytest.mark.parametrize("prefix", ["", "t1."])
def test_each_step_hears_what_is_told_of_it_and_its_own_dead_letter_topic(part, prefix):
    told = [event_topic(name, prefix) for name in part.hears]
    assert topics_of(part.name, JOURNEYS, prefix) == [*told, dead_letter_topic(part.name, prefix)]


@pytest.mark.parametrize("part", STEPS, ids=lambda part: part.name)
def test_nothing_that_a_step_must_do_comes_on_the_topics_where_nobody_waits(part):
    """There it hears only what ends its watch; the last step of all journeys has none."""
    patient = answers_of(part.name)
    own = rows_of(part.name, JOURNEYS.values())
    assert set(patient) <= set(topics_of(part.name))
    assert set(patient) == {
        event_topic(after.says) for journey, _ in own if (after := journey.after(part.name))
    }
    assert not {event_topic(row.hears) for _, row in own} & set(patient)


def test_a_topic_is_not_patient_if_another_journey_makes_the_step_wait_for_it():
    a, b, c = (replace(PARTNER_CREATION_1.steps[0], name=n, says=f"{n}Done") for n in "abc")
    first = Journey("first", 1, (a, replace(b, hears="aDone")))
    other = Journey("other", 1, (c, replace(b, hears="cDone"), replace(a, hears="bDone")))
    assert answers_of("a", journeys_of(first)) == [event_topic("bDone")]
    assert answers_of("a", journeys_of(first, other)) == []


async def test_each_step_says_what_is_told_of_it():
    """In both journeys: done, undone, every no, and every step that is given up."""
    said = defaultdict(set)
    for journey in (ONBOARDING, CREATION):
        names = JOURNEYS[journey, 1].step_names
        for silent in (None, *names[1:]):
            _add(said, await _without(silent, journey))
        noes = (start(f"no-{n}", journey, **changes) for n, changes in enumerate(NOES))
        world = await played(start("a", journey), *noes)
        await world.publish(request("a", None, journey))
        await rest(world)
        _add(said, world)
    assert said == {part.name: set(part.says) for part in STEPS}


async def _without(silent, journey):
    world = new_world()
    if silent:
        world.workers[silent].is_up = False
    await world.publish(start("a", journey))
    await world.run()
    go_on(world, 36)
    await rest(world)
    return world


def _add(said, world):
    for event in events(world):
        if event.name != START and event.source.startswith("/services/"):
            said[event.source.removeprefix("/services/")].add(event.name)
