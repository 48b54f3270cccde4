"""The calls of a worker: bounded, in turns, none held by another, and what becomes of them at a stop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts.envelope import Context
from services.runtime.calls import MOST_WAITING, Calls
from services.runtime.document import Document, State
from services.runtime.vitals import Vitals, late

T0 = datetime(2026, 3, 1, tzinfo=UTC)
CALL_SECONDS, LEASE_SECONDS = 10.0, 25.0


def claimed(
    saga: str, attempts: int = 1, state: State = "pending", lease: str = "1", at: datetime = T0
) -> Document:
    context = Context(saga, "default", "p-1", "c-1", "partner-onboarding", 1)
    ends = at + timedelta(seconds=LEASE_SECONDS)
    return Document(context, state, at, attempts=attempts, lease=lease, try_at=ends)


@dataclass
class Platform:
    """Calls last until they are answered; `now` is the time of the worker."""

    most: int = 4
    now: datetime = T0
    begun: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    given_back: list[tuple[str, str | None]] = field(default_factory=list)
    answers: dict[str, asyncio.Event] = field(default_factory=dict)
    bug: Exception | None = None
    stop_seconds: float = 1.0
    at_once: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self.calls = Calls(self.most, CALL_SECONDS, lambda: self.now, self.stop_seconds)

    def want(self, *documents: Document) -> None:
        for one in documents:
            self.calls.start(one)

    def answer(self, *sagas: str) -> None:
        for saga in sagas:
            self._answer_to(saga).set()

    async def make(self, document: Document) -> None:
        saga = document.context.saga_id
        self.begun.append(saga)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._answer_to(saga).wait()
        finally:
            self.at_once -= 1
        if self.bug:
            raise self.bug
        self.ended.append(saga)

    async def give_back(self, documents: Sequence[Document]) -> None:
        self.given_back += [(one.context.saga_id, one.lease) for one in documents]

    def _answer_to(self, saga: str) -> asyncio.Event:
        return self.answers.setdefault(saga, asyncio.Event())


@asynccontextmanager
async def at_work(platform: Platform) -> AsyncIterator[asyncio.Task[None]]:
    running = asyncio.create_task(platform.calls.run(platform.make, platform.give_back))
    try:
        yield running
    finally:
        await stopped(running)


async def stopped(running: asyncio.Task[None]) -> None:
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def soon(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not is_so():
            await asyncio.sleep(0)


async def settled() -> None:
    """Whoever can go on has gone on."""
    for _ in range(50):
        await asyncio.sleep(0)


def names(count: int, prefix: str = "s") -> list[str]:
    return [f"{prefix}-{number}" for number in range(count)]


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


def test_a_batch_that_waits_for_calls_is_no_hang():
    vitals = Vitals(loop_at=0, progress_at=0)
    assert late(vitals, 120, 1000) is not None
    vitals.waits_its_turn()
    assert vitals.progress_at is not None
    assert late(replace(vitals, loop_at=vitals.progress_at), 120, vitals.progress_at) is None
    vitals.batch_ended()
    vitals.waits_its_turn()
    assert vitals.progress_at is None
