"""Turns in a saga's life: each is told by the write that shows it first, and by no other."""

import asyncio

import pytest
from saga_given import NOW, Voices, at, hash_of

from saga_state.memory import MemoryStore
from saga_state.projector import project
from saga_state.turns import Turn

JOURNEY = "partner-onboarding"


async def turns(store, *batches) -> list[Turn]:
    return [turn for batch in batches for turn in (await project(batch, store, hash_of, NOW)).turns]


def one_by_one(events) -> list[list]:
    return [[event] for event in events]


@pytest.mark.parametrize("as_batches", [one_by_one, lambda events: [events], lambda e: [[*e, *e]]])
async def test_a_saga_that_completes_began_and_ended_once(as_batches) -> None:
    found = await turns(MemoryStore(), *as_batches(Voices().whole_way()))
    assert found == [Turn("began", JOURNEY), Turn("ended", JOURNEY, "COMPLETED", 5.0)]


async def test_what_comes_again_turns_nothing() -> None:
    store, events = MemoryStore(), Voices().whole_way()
    await turns(store, events)
    assert await turns(store, events, events[:3]) == []


async def test_a_saga_that_is_undone_was_asked_to_be_and_ended() -> None:
    found = await turns(MemoryStore(), *one_by_one(Voices().undone_from("documents")))
    assert found == [
        Turn("began", JOURNEY),
        Turn("undo_requested", JOURNEY, "person"),
        Turn("ended", JOURNEY, "COMPENSATED", 21.0),
        Turn("undo_completed", JOURNEY, seconds=11.0),
    ]


async def test_who_asked_is_told_apart_a_service_or_a_person() -> None:
    v = Voices()
    found = await turns(MemoryStore(), [v.start(), v.asked("contract", 3, by="/services/contract")])
    assert found[-1] == Turn("undo_requested", JOURNEY, "service")


async def test_a_first_no_ends_a_saga_and_undoes_nothing() -> None:
    v = Voices(journey="partner-creation")
    found = await turns(MemoryStore(), [v.start(), v.failed("registration", 2)])
    assert found == [
        Turn("began", "partner-creation"),
        Turn("ended", "partner-creation", "FAILED", 2.0),
    ]


async def test_an_undo_that_waits_for_a_person_failed_once_until_it_fails_again() -> None:
    v, store = Voices(), MemoryStore()
    undo = [*v.whole_way(), v.asked(None, 10), v.undid("recruitment", 11)]
    parked = v.parked("campaigns", 12, "undo_parked")
    found = await turns(store, undo, [parked], [v.again(v.did("registration", 1))])
    assert [turn.what for turn in found].count("undo_failed") == 1


async def test_a_completed_saga_that_is_undone_later_ends_twice_and_is_timed_once() -> None:
    v = Voices()
    undone = [v.undid(step, 20 + n) for n, step in enumerate(reversed(v.steps))]
    found = await turns(MemoryStore(), v.whole_way(), [v.asked(None, 10)], undone)
    ended = [(turn.label, turn.seconds) for turn in found if turn.what == "ended"]
    assert ended == [("COMPLETED", 5.0), ("COMPENSATED", None)]


async def test_of_a_saga_that_nobody_saw_start_no_duration_is_told() -> None:
    v = Voices()
    found = await turns(MemoryStore(), v.whole_way()[1:], [v.start()])
    assert found[0] == Turn("ended", JOURNEY, "COMPLETED", None)
    assert [turn.what for turn in found[1:]] == ["began"]


async def test_two_workers_tell_each_turn_once() -> None:
    store, v = MemoryStore(), Voices()
    events = v.whole_way()
    both = await asyncio.gather(turns(store, events[:4]), turns(store, events[3:]))
    told = sorted(turn.what for one in both for turn in one)
    assert told == ["began", "ended"]
    assert at(5) == store.sagas[v.id]["ended_at"]
