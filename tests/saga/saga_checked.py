"""What must hold of a world at rest (docs/protocol.md, "What is searched"): each breach as a sentence."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import combinations

from saga_played import OUTER
from saga_told import bodies, by_saga, effects_of, events, hash_of, in_order

from contracts.envelope import Event
from contracts.events import CompensationCompleted, CompensationRequested
from contracts.journey import JOURNEYS, Journey
from saga_state.document import Saga
from saga_state.state import evolve, fold
from services.runtime.memory import MemoryOutside
from services.runtime.world import World

ENDS = ("COMPLETED", "FAILED", "COMPENSATED")


def breaches(world: World, chance: random.Random, times_tell: bool = True) -> list[str]:
    """All of them; an empty list if everything holds. Where the clock was set back, times do not
    tell the order in which things were decided."""
    sagas = by_saga(events(world))
    told = {saga: fold(None, heard, hash_of) for saga, heard in sagas.items()}
    found = [*_one_body(world), *_numbers(world), *_same_partner(told.values())]
    for saga, heard in sagas.items():
        found += _end(told[saga])
        found += _effects(world, told[saga])
        if times_tell:
            found += _order(JOURNEYS[told[saga]["journey"], 1], in_order(world, saga))
        found += _any_order(told[saga], heard, chance)
    return found


def in_force(world: World, step: str, saga: str) -> int:
    """How often an outside system has for this saga what it has not removed."""
    outside = world.workers[step].outside
    assert isinstance(outside, MemoryOutside)
    counts = Counter(what for what, key in outside.effects if key == saga)
    return counts["created"] - counts["removed"]


def _end(saga: Saga) -> Iterator[str]:
    """I1. A request for a saga that never starts leaves it without an end."""
    if not saga["never_started"] and saga["status"] not in ENDS:
        yield f"I1: {saga['_id']} rests as {saga['status']} at {saga['current_step']}"


def _effects(world: World, saga: Saga) -> Iterator[str]:
    """I2, counted at the outside systems."""
    for step in (name for name in OUTER if world.workers[name].outside):
        now, id_ = in_force(world, step, saga["_id"]), saga["_id"]
        has_part = step in [one["step"] for one in saga["steps"]]
        wanted = int(saga["status"] == "COMPLETED" and has_part)
        if now != wanted:
            yield f"I2: {id_} is {saga['status']} and has {now} effects in force at {step}"
        outside = world.workers[step].outside
        assert isinstance(outside, MemoryOutside)
        created = outside.effects.count(("created", id_))
        if created > 1:
            yield f"I2: {step} had {created} effects for {id_}"


def _numbers(world: World) -> Iterator[str]:
    """I2, counted by the numbers on the topics."""
    for (saga, step), numbers in effects_of(world).items():
        if len(numbers) > 1:
            yield f"I2: {step} told {sorted(numbers)} for {saga}"


def _same_partner(sagas: Iterable[Saga]) -> Iterator[str]:
    """Of one e-mail there is one partner."""
    completed = Counter(saga["partner_hash"] for saga in sagas if saga["status"] == "COMPLETED")
    for email, times in completed.items():
        if times > 1:
            yield f"I2: {times} sagas of one e-mail are completed: {email}"


def _one_body(world: World) -> Iterator[str]:
    """I3."""
    for identity, forms in bodies(world).items():
        if len(forms) > 1:
            yield f"I3: {len(forms)} bodies or headers under {identity}"


def _any_order(saga: Saga, heard: list[Event], chance: random.Random) -> Iterator[str]:
    """I5."""
    again = chance.sample(heard, len(heard))
    one_by_one = None
    for event in again:
        one_by_one = evolve(one_by_one, event, hash_of)
    if not saga == one_by_one == fold(None, again, hash_of):
        yield f"I5: {saga['_id']} is told otherwise in another order"


def _order(journey: Journey, heard: list[Event]) -> Iterator[str]:
    """I4 and I7: no undo before its do or without one, and in reverse but for what was asked."""
    names, saga = journey.step_names, heard[0].context.saga_id
    did = {row.name: _time_of(heard, row.says) for row in journey.steps}
    told = [one for one in heard if isinstance(one.data, CompensationCompleted)]
    undid = {one.data.step: one for one in told if one.data.step in names}
    asked = [(_reach(one.data, names), one.time) for one in heard
             if isinstance(one.data, CompensationRequested)]  # fmt: skip
    for step, one in undid.items():
        done_at = did[step]
        if done_at and (one.data.outcome == "nothing_to_undo" or done_at > one.time):
            yield f"I4: {saga}: {step} did it at {done_at} and {one.data} was said at {one.time}"
    for i, j in combinations(range(len(names)), 2):
        one, other = undid.get(names[i]), undid.get(names[j])
        if not (one and did[names[i]] and did[names[j]]):
            continue
        early = other is None or other.time > one.time
        if early and not any(reach <= j and at <= one.time for reach, at in asked):
            yield f"I7: {saga}: {names[i]} was undone before {names[j]}, and nobody asked for that"


def _reach(asked: CompensationRequested, names: tuple[str, ...]) -> int:
    """The index of the failed step; of a person's request one past the last."""
    return len(names) if asked.failed_step is None else names.index(asked.failed_step)


def _time_of(heard: list[Event], name: str) -> datetime | None:
    return next((event.time for event in heard if event.name == name), None)
