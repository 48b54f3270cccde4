"""Orders of events that a rehearsal once told otherwise than they were: each the smallest of its kind."""

import random
from dataclasses import replace
from datetime import timedelta

from saga_mishaps import attend_to_parked
from saga_played import (
    CREATION,
    ONBOARDING,
    go_on,
    new_world,
    platform,
    platforms,
    request,
    rest,
    saga_of,
    start,
)
from saga_rehearsed import STEPS, again
from saga_told import by_saga, events

from services.cli.replay.outcomes import differences, outcome_of
from services.cli.replay.recorded import recorded
from services.runtime.part import TRIES_OF_A_BUG
from services.runtime.world import World


async def parked_at(step: str, bugs: int) -> tuple[World, str]:
    """A world whose one saga is parked there, by so many bugs of its platform; the saga's id."""
    world = new_world(list(STEPS), platforms())
    saga_id = saga_of("p", ONBOARDING)
    platform(world, step).replies[saga_id] = ["bug"] * bugs
    await world.publish(start("p", ONBOARDING))
    await world.run()
    for _ in range(10):
        go_on(world, 0.5)
        await world.sweep()
        await world.run()
    return world, saga_id


async def test_an_undo_that_is_parked_of_a_step_that_was_parked_before_is_as_it_was():
    """The smallest order: the platform has a bug when it is to do, and when it is to undo, which
    comes before its time is over."""
    world, saga_id = await parked_at("campaigns", bugs=8)
    await world.publish(request("p", "documents", ONBOARDING))
    await rest(world)
    (told,) = by_saga(events(world)).values()
    saga = recorded(saga_id, told)
    parked = [one.body["state"] for one in saga.events if one.name == "StepParked"]
    assert parked == ["parked", "undo_parked"]
    played = await again(saga)
    assert differences(outcome_of(saga.events), outcome_of(played.events)) == []


async def test_a_step_that_died_between_its_word_and_the_last_of_all_has_said_yes():
    """The smallest order: of the two only the second is recorded."""
    world = new_world(list(STEPS), platforms())
    await world.publish(start("p", CREATION))
    await rest(world)
    ((saga_id, told),) = by_saga(events(world)).items()
    saga = recorded(saga_id, [one for one in told if one.name != "ContractCreated"])
    assert outcome_of(saga.events).status == "COMPLETED"
    played = await again(saga)
    assert differences(outcome_of(saga.events), outcome_of(played.events)) == []


async def test_an_undo_that_is_parked_of_a_step_that_never_spoke_is_as_it_was():
    """The smallest order: it calls its platform, is to be undone, and the platform has a bug."""
    world = new_world(list(STEPS), platforms())
    saga = saga_of("p", ONBOARDING)
    platform(world, "documents").replies[saga] = ["later", *["bug"] * 8]
    await world.publish(start("p", ONBOARDING))
    await world.run()
    await world.publish(request("p", "documents", ONBOARDING))
    await rest(world)
    (told,) = by_saga(events(world)).values()
    assert [one.body["state"] for one in told if one.name == "StepParked"] == ["undo_parked"]
    played = await again(recorded(saga, told))
    assert differences(outcome_of(told), outcome_of(played.events)) == []


async def test_a_request_that_names_no_journey_does_not_block_a_step_that_undid_what_it_called():
    """The smallest order: a step calls, a person asks for all to be undone and names no journey,
    the step is to undo; to a step that knows nothing of the saga that request is an undo."""
    world = new_world(list(STEPS), platforms())
    saga_id = saga_of("p", ONBOARDING)
    platform(world, "campaigns").replies[saga_id] = ["later"]
    await world.publish(start("p", ONBOARDING))
    await world.run()
    await world.publish(request("p", ce_journey=None))
    await rest(world)
    (told,) = by_saga(events(world)).values()
    saga = recorded(saga_id, told)
    assert saga.undid_unheard("campaigns")
    played = await again(saga)
    assert differences(outcome_of(saga.events), outcome_of(played.events)) == []
    assert played.documents["campaigns"].state == "undone"


async def test_a_step_whose_time_was_over_had_heard_of_no_undo_before():
    """The smallest order: a person's wish comes before what the step waits for; when its time is
    over it has not read it."""
    world = new_world(list(STEPS), platforms())
    saga_id = saga_of("p", ONBOARDING)
    platform(world, "documents").replies[saga_id] = ["later"] * 99
    await world.publish(start("p", ONBOARDING))
    await world.run()
    go_on(world, 60)
    await world.sweep()
    awaited = next(one for one in events(world) if one.name == "ContractCreated")
    earlier = (awaited.time - timedelta(milliseconds=1)).isoformat()
    await world.publish(request("p", "documents", ONBOARDING, ce_time=earlier))
    (told,) = by_saga(events(world)).values()
    saga = recorded(saga_id, told)
    assert saga.ran_out_of_time_at("documents") is not None
    played = await again(saga)
    assert differences(outcome_of(saga.events), outcome_of(played.events)) == []


async def test_a_step_that_was_parked_and_said_the_last_word_of_all_has_said_yes():
    """The smallest order: its platform has bugs, it is redriven, and dies between its two words."""
    world, saga_id = await parked_at("recruitment", bugs=TRIES_OF_A_BUG)
    assert await attend_to_parked(world, world.workers["recruitment"], random.Random(1)) == 1
    await rest(world)
    (told,) = by_saga(events(world)).values()
    saga = recorded(saga_id, [one for one in told if one.name != "RecruitmentSetupCompleted"])
    assert outcome_of(saga.events).status == "COMPLETED"
    assert not saga.met_bugs_outside("recruitment")


async def test_of_two_records_of_one_id_the_first_in_its_topic_counts_whatever_their_times():
    """As for the step that read both: the second is set aside. Of two partitions the record that
    came first."""
    world = new_world(list(STEPS), platforms())
    await world.publish(start("p"))
    await rest(world)
    earlier = (world.workers["registration"].delivery.part.now() - timedelta(days=1)).isoformat()
    first = start("p")
    other = start("p", nombre="Another", email="other@b.example")
    headers = (*other.headers, ("ce_time", earlier.encode()))
    await world.publish(replace(other, key=first.key, headers=headers))
    (told,) = by_saga(events(world)).values()
    saga = recorded(saga_of("p"), told)
    assert saga.start is not None
    assert saga.start.body["partner_data"]["nombre"] == "TechSolutions Inc"
    there = saga.start.record
    elsewhere = replace(there, partition=there.partition - 1, timestamp_ms=there.timestamp_ms + 1)
    later = replace(saga.start, time=saga.start.time - timedelta(days=1), record=elsewhere)
    assert recorded(saga.saga_id, [later, *told]).start == saga.start


async def test_another_name_in_a_no_is_a_wording():
    world = new_world()
    await world.publish(start("p", pais="KP"))
    await world.run()
    (told,) = by_saga(events(world)).values()
    before = outcome_of(told)
    after_ = replace(before, words={"reason of registration": "Other words."})
    assert [one.kind for one in differences(before, after_)] == ["wording"]
