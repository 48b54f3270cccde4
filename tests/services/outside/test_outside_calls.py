"""The calls of a worker: bounded, in turns, and none held by another."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from calls_given import (
    CALL_SECONDS,
    LEASE_SECONDS,
    T0,
    Platform,
    at_work,
    claimed,
    names,
    settled,
    soon,
    stopped,
)

from services.runtime.calls import MOST_WAITING
from services.runtime.document import Document
from services.runtime.vitals import Vitals, late


async def test_no_more_are_made_at_once_than_the_setting_says():
    platform = Platform(most=4)
    async with at_work(platform):
        platform.want(*map(claimed, names(20)))
        await settled()
        assert len(platform.begun) == 4
        platform.answer(*names(20))
        await soon(lambda: len(platform.ended) == 20)
    assert platform.most_at_once == 4
    assert sorted(platform.begun) == sorted(names(20))


async def test_a_slow_call_holds_nobody_else():
    platform = Platform(most=2)
    async with at_work(platform):
        platform.want(claimed("slow"))
        platform.answer(*names(50))
        platform.want(*map(claimed, names(50)))
        await soon(lambda: len(platform.ended) == 50)
        assert "slow" not in platform.ended


async def test_t3_room_waits_until_fewer_wait_than_can_be_called_at_once_and_goes_on():
    platform = Platform(most=2)
    assert await platform.calls.room(0)
    platform.want(*map(claimed, names(1)))
    assert await platform.calls.room(0)
    platform.want(claimed("s-1"))
    assert not await platform.calls.room(0.01)
    async with at_work(platform):
        await settled()
        assert not await platform.calls.room(0.01), "both are out, none has ended"
        waiting = asyncio.create_task(platform.calls.room(60))
        await settled()
        platform.answer("s-0")
        assert await asyncio.wait_for(waiting, 5)


async def test_a_whole_batch_may_be_claimed_where_there_is_room():
    """T3: claimed documents that wait for their first call stay under twice the calls at once."""
    platform = Platform(most=4)
    platform.want(*map(claimed, names(3)))
    assert await platform.calls.room(0)
    platform.want(*map(claimed, names(platform.calls.claims_at_once, "t")))
    assert 3 + platform.calls.claims_at_once < 2 * 4
    assert not await platform.calls.room(0)


@pytest.mark.parametrize("other", [claimed("s", attempts=2), claimed("s", state="undoing")])
async def test_further_tries_and_undos_take_no_room_from_first_calls(other: Document):
    platform = Platform(most=1)
    platform.want(*(replace(other, context=claimed(saga).context) for saga in names(10)))
    assert await platform.calls.room(0)


async def test_first_calls_and_further_tries_take_turns():
    platform = Platform(most=1)
    platform.want(*(claimed(saga, attempts=2) for saga in names(5, "again")))
    platform.want(*map(claimed, names(5, "first")))
    platform.answer(*names(5, "again"), *names(5, "first"))
    async with at_work(platform):
        await soon(lambda: len(platform.ended) == 10)
    kinds = [saga.split("-")[0] for saga in platform.begun]
    assert all(kinds[place] != kinds[place + 1] for place in range(9))
    assert [saga for saga in platform.begun if saga[0] == "f"] == names(5, "first")


async def test_of_a_saga_that_is_claimed_again_only_the_last_claim_is_called():
    platform = Platform(most=1)
    platform.want(claimed("s-0"), claimed("s-0", attempts=2, lease="2"))
    assert await platform.calls.room(0), "its first call is not waited for any more"
    platform.answer("s-0")
    async with at_work(platform):
        await settled()
    assert platform.begun == ["s-0"]


async def test_an_undo_that_the_answer_of_a_call_led_to_is_called_at_once():
    """The answer is recorded, and the undo started, while the call still counts as out."""
    platform = Platform(most=2)
    platform.answer("s-0")

    async def make(document: Document) -> None:
        if document.state == "pending":
            platform.want(claimed("s-0", state="undoing", lease="2"))
            await settled()
        await platform.make(document)

    running = asyncio.create_task(platform.calls.run(make, platform.give_back))
    platform.want(claimed("s-0"))
    await soon(lambda: platform.ended == ["s-0", "s-0"])
    await stopped(running)


async def test_a_call_does_not_begin_if_its_lease_could_end_before_it():
    platform = Platform(most=1)
    platform.want(claimed("late"), claimed("also-late"))
    platform.now = T0 + timedelta(seconds=LEASE_SECONDS - CALL_SECONDS + 0.001)
    platform.want(claimed("fresh", at=platform.now))
    platform.answer("late", "also-late", "fresh")
    async with at_work(platform):
        await soon(lambda: platform.ended)
    assert platform.ended == ["fresh"]
    assert platform.given_back == [("late", "1"), ("also-late", "1")]
    assert await platform.calls.room(0)


async def test_what_waits_is_bounded():
    platform = Platform(most=1)
    platform.want(*(claimed(saga, attempts=2) for saga in names(MOST_WAITING + 100)))
    platform.answer(*names(MOST_WAITING + 100))
    async with at_work(platform):
        await soon(lambda: len(platform.ended) >= MOST_WAITING)
        await settled()
    assert platform.ended == names(MOST_WAITING)


async def test_a_bug_in_a_call_ends_all_with_it():
    """The process ends: what the call could not record, its next life will."""
    platform = Platform(most=2, bug=KeyError("bug"))
    platform.want(*map(claimed, names(3)))
    platform.answer("s-0")
    with pytest.raises(ExceptionGroup) as ended:
        await asyncio.wait_for(platform.calls.run(platform.make, platform.give_back), 5)
    assert [type(one) for one in ended.value.exceptions] == [KeyError]
    assert platform.given_back == []


def test_a_batch_that_waits_for_calls_is_no_hang():
    vitals = Vitals(loop_at=0)
    vitals.batch_started("take-0")
    vitals.progress_at["take-0"] = 0
    assert late(vitals, 120, 1000) is not None
    vitals.waits_its_turn()
    now = vitals.progress_at["take-0"]
    assert late(replace(vitals, loop_at=now), 120, now) is None
    vitals.batch_ended("take-0")
    vitals.waits_its_turn()
    assert vitals.progress_at == {}
