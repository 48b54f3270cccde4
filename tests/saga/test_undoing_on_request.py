"""A person asks for a saga to be undone: before it starts, under way, completed, twice."""

import random

import pytest
from saga_checked import breaches, in_force
from saga_played import (
    CREATION,
    ONBOARDING,
    OUTER,
    START,
    new_world,
    platforms,
    played,
    request,
    rest,
    saga_of,
    start,
)
from saga_told import (
    bodies,
    dead_letters,
    events,
    in_order,
    projected,
    states,
    status,
    undone,
)

from contracts.events import Progress
from contracts.journey import JOURNEYS, PARTNER_ONBOARDING_1

JOURNEY = pytest.mark.parametrize("journey", [ONBOARDING, CREATION])
STEPS = PARTNER_ONBOARDING_1.step_names
NAMED = [(name, step) for name, version in JOURNEYS for step in JOURNEYS[name, version].step_names]
SOURCES = ("/producers/crm", "/people/ana", "/services/saga-state", "urn:x")


async def completed(journey: str = ONBOARDING):
    world = await played(start("a", journey), outside=platforms())
    assert status(world, saga_of("a", journey)) == "COMPLETED"
    return world


@JOURNEY
@pytest.mark.parametrize("source", SOURCES)
async def test_a_completed_saga_is_undone_in_reverse_whoever_asks(journey, source):
    world, saga = await completed(journey), saga_of("a", journey)
    await world.publish(request("a", None, journey, ce_source=source))
    await rest(world)
    names = JOURNEYS[journey, 1].step_names
    assert list(undone(world, saga).items()) == [(name, "undone") for name in reversed(names)]
    assert (status(world, saga), dead_letters(world)) == ("COMPENSATED", {})
    assert [in_force(world, step, saga) for step in OUTER] == [0, 0, 0]
    told = projected(world)[saga]
    assert (told["compensation"]["requested_by"], told["late_undo"]) == ("ops-1", False)
    assert told["failure"] is None


@pytest.mark.parametrize(("journey", "named"), NAMED)
@pytest.mark.parametrize("first", [True, False])
async def test_two_requests_at_once_undo_each_step_once(journey, named, first):
    world, saga = await completed(journey), saga_of("a", journey)
    asked = [request("a", None, journey), request("a", named, journey, ce_source="/people/ana")]
    await world.publish(*(asked if first else asked[::-1]))
    await rest(world)
    assert breaches(world, random.Random(1)) == []
    assert set(undone(world, saga)) == set(JOURNEYS[journey, 1].step_names)
    assert status(world, saga) == "COMPENSATED"


@JOURNEY
@pytest.mark.parametrize("named", [None, "registration", "contract"])
async def test_of_a_saga_that_is_undone_before_it_starts_nothing_takes_effect(journey, named):
    world, saga = new_world(outside=platforms()), saga_of("a", journey)
    await world.publish(request("a", named, journey))
    await world.run()
    await world.publish(start("a", journey))
    await rest(world)
    assert not [event for event in events(world) if isinstance(event.data, Progress)]
    assert set(undone(world, saga).values()) == {"nothing_to_undo"}
    assert status(world, saga) == "COMPENSATED"
    assert all(world.workers[step].outside.effects == [] for step in OUTER)
    assert not set(states(world, saga)) - {"blocked", "absent"}
    assert dead_letters(world) == {}


async def test_a_request_alone_is_shown_as_a_saga_that_never_started():
    world = await played(request("a"))
    assert projected(world)[saga_of("a")]["never_started"]
    assert status(world, saga_of("a")) == "COMPENSATED"


@JOURNEY
async def test_to_undo_again_says_the_same_again(journey):
    world, saga = await completed(journey), saga_of("a", journey)
    await world.publish(request("a", None, journey))
    await rest(world)
    once = in_order(world, saga)
    effects = [list(world.workers[step].outside.effects) for step in OUTER]
    await world.publish(request("a", None, journey), request("a", "contract", journey))
    await rest(world)
    assert {e.event_id for e in in_order(world, saga)} - {e.event_id for e in once} == {
        "undo-a-contract"
    }
    assert all(len(forms) == 1 for own, forms in bodies(world).items() if own[0] != START)
    assert [world.workers[step].outside.effects for step in OUTER] == effects
    assert status(world, saga) == "COMPENSATED"


async def test_a_saga_that_failed_at_its_first_step_stays_failed():
    world = await played(start("a", email="nobody"))
    await world.publish(request("a"))
    await rest(world)
    assert status(world, saga_of("a")) == "FAILED"


async def test_a_request_without_a_journey_undoes_by_the_journey_that_is_recorded():
    """The document's journey wins over the message's: this one is read as partner-onboarding."""
    world, saga = await completed(CREATION), saga_of("a", CREATION)
    await world.publish(request("a", None, CREATION, ce_journey=None))
    await rest(world)
    assert status(world, saga) == "COMPENSATED"


async def test_a_request_without_a_journey_undoes_a_step_that_it_has_overtaken():
    world, saga = new_world(), saga_of("a", CREATION)
    worker = world.workers["contract"]
    worker.topics, later = ["onboarding.compensation-requested"], worker.topics
    await world.publish(start("a", CREATION), request("a", None, CREATION, ce_journey=None))
    world.workers["recruitment"].is_up = False
    await world.run()
    worker.topics = later
    await world.run()
    world.workers["recruitment"].is_up = True
    await rest(world)
    assert status(world, saga) == "COMPENSATED"


@JOURNEY
@pytest.mark.parametrize("named", [None, "registration", "contract"])
@pytest.mark.parametrize("started", [False, True])
async def test_what_another_tenant_asks_of_a_saga_harms_it_nowhere(journey, named, started):
    """Neither the steps that know the saga nor those that have not heard of it yet."""
    world, saga = new_world(outside=platforms()), saga_of("a", journey)
    world.workers["contract"].is_up = not started
    await world.publish(*([start("a", journey)] if started else []))
    await world.run()
    await world.publish(request("a", named, journey, ce_tenantid="acme"))
    world.workers["contract"].is_up = False
    await world.run()
    world.workers["contract"].is_up = True
    await world.publish(*([] if started else [start("a", journey)]))
    await rest(world)
    assert status(world, saga) == "COMPLETED"
    assert projected(world)[saga]["tenant_id"] == "default"


@JOURNEY
async def test_what_another_tenant_asks_does_not_lose_the_request_of_the_owner(journey):
    world, saga = new_world(outside=platforms()), saga_of("a", journey)
    for tenant in ("acme", "default", "acme"):
        await world.publish(request("a", None, journey, ce_tenantid=tenant, ce_id=f"r-{tenant}"))
        await world.run()
    await world.publish(start("a", journey))
    await rest(world)
    assert status(world, saga) == "COMPENSATED"
    assert [in_force(world, step, saga) for step in OUTER] == [0, 0, 0]
