"""What becomes of the calls of a worker that is told to stop: they end, or are given back."""

import asyncio
from collections.abc import Iterable, Sequence

from calls_given import Platform, at_work, claimed, names, settled, soon

from services.runtime.document import Document


async def test_at_a_stop_calls_that_are_out_have_time_to_end_and_the_rest_is_given_back():
    platform = Platform(most=2)
    async with at_work(platform) as running:
        platform.want(*map(claimed, names(4)), claimed("again", attempts=2))
        await settled()
        out = list(platform.begun)
        running.cancel()
        await settled()
        assert not running.done()
        platform.answer(*names(4), "again")
        await soon(running.done)
    assert sorted(platform.ended) == sorted(out)
    rest = {*names(4), "again"} - set(out)
    assert {saga for saga, _ in platform.given_back} == rest


async def test_a_call_that_does_not_end_at_a_stop_is_given_back_too():
    platform = Platform(most=2, stop_seconds=0.05)
    async with at_work(platform):
        platform.want(claimed("s-0", lease="7"))
        await soon(lambda: platform.begun)
    assert platform.ended == []
    assert platform.given_back == [("s-0", "7")]
    assert platform.at_once == 0


async def test_of_a_saga_that_was_claimed_again_the_last_claim_is_given_back():
    platform = Platform(most=1, stop_seconds=0.05)
    async with at_work(platform):
        platform.want(claimed("s-0", lease="1"))
        await soon(lambda: platform.begun)
        platform.want(claimed("s-0", state="undoing", lease="2"))
    assert platform.given_back == [("s-0", "2")]


async def test_what_giving_back_leads_to_is_given_back_too():
    platform = Platform(most=1)

    async def give_back(documents: Iterable[Document]) -> None:
        await platform.give_back(list(documents))
        if len(platform.given_back) == 1:
            platform.want(claimed("s-0", state="undoing", lease="2"))

    running = asyncio.create_task(platform.calls.run(platform.make, give_back))
    await settled()
    running.cancel()
    platform.want(claimed("s-0", lease="1"))
    await asyncio.wait([running], timeout=5)
    assert platform.given_back == [("s-0", "1"), ("s-0", "2")]


async def test_a_stop_does_not_wait_for_a_database_that_is_away():
    platform = Platform(most=1, stop_seconds=0.05)

    async def never(_documents: Sequence[Document]) -> None:
        await asyncio.Event().wait()

    running = asyncio.create_task(platform.calls.run(platform.make, never))
    await settled()
    platform.want(claimed("s-0"))
    running.cancel()
    done, _ = await asyncio.wait([running], timeout=5)
    assert done == {running}
