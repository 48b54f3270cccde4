"""One suite for the outside system, run against memory and against the sandbox over HTTP: they
must agree."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from services.runtime.memory import MemoryOutside, Told
from services.runtime.outside import Later, Outside, Reply
from services.runtime.outside_access import Access
from services.runtime.outside_http import HttpOutside, http_client
from services.runtime.step import Rejected
from tests.deploy.sandbox import Sandbox, sandbox_here

NO = Rejected("CAMPAIGN_LIMIT_EXCEEDED", "The campaign platform refused the account.")
BODY = {"partner_id": "p-1"}
STEP = "campaigns"
Fault = Literal["no", "later", "lost"]
Effect = tuple[str, str]


@dataclass
class One:
    """An outside system, how to see what it did (what, saga), and how to spoil its next call.

    What nobody could see from outside is left out: a tombstone, a call that was told to fail.
    """

    outside: Outside
    effects: Callable[[], list[Effect]]
    spoil: Callable[[str, Fault], Awaitable[None]]


@pytest.fixture
def memory() -> One:
    one = MemoryOutside()
    replies: dict[Fault, Told] = {"no": NO, "later": "later", "lost": "lost"}

    async def spoil(saga: str, fault: Fault) -> None:
        one.replies[saga].append(replies[fault])

    return One(one, lambda: list(one.effects), spoil)


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[One]:
    async with (
        sandbox_here(tmp_path / "log") as sandbox,
        http_client(Access(sandbox.url, tls=False), 5, 4) as client,
    ):
        outside = HttpOutside(client, f"{sandbox.url}/{STEP}", STEP, NO, 5)
        yield One(outside, lambda: seen(sandbox), spoiler(sandbox))


def seen(sandbox: Sandbox) -> list[Effect]:
    return [(one["what"], one["saga"]) for one in sandbox.effects() if one["what"] != "blocked"]


def spoiler(sandbox: Sandbox) -> Callable[[str, Fault], Awaitable[None]]:
    faults = {"no": "refuse", "later": "error", "lost": "lose"}

    async def spoil(saga: str, fault: Fault) -> None:
        await sandbox.tell(faults[fault], saga_id=saga, times=1)

    return spoil


@pytest.fixture(params=["memory", "real"])
def one(request: pytest.FixtureRequest) -> One:
    return request.getfixturevalue(request.param)


async def test_a_do_is_done_once(one: One):
    assert [await one.outside.do("s-1", BODY) for _ in range(3)] == ["yes"] * 3
    assert one.effects() == [("created", "s-1"), ("repeated", "s-1"), ("repeated", "s-1")]


async def test_a_no_is_final(one: One):
    await one.spoil("s-1", "no")
    assert [await one.outside.do("s-1", BODY) for _ in range(2)] == [NO, NO]
    assert one.effects() == [("refused", "s-1"), ("repeated", "s-1")]


async def test_a_yes_is_final(one: One):
    await one.outside.do("s-1", BODY)
    await one.spoil("s-1", "no")
    assert await one.outside.do("s-1", BODY) == "yes"


async def test_an_undo_takes_it_back_once(one: One):
    await one.outside.do("s-1", BODY)
    assert [await one.outside.undo("s-1") for _ in range(2)] == ["yes", "yes"]
    assert one.effects() == [("created", "s-1"), ("removed", "s-1")]


@pytest.mark.parametrize("before", ["nothing", "yes", "no"])
async def test_a_do_after_its_undo_comes_too_late_whatever_was_before(one: One, before: str):
    if before == "no":
        await one.spoil("s-1", "no")
    if before != "nothing":
        await one.outside.do("s-1", BODY)
    assert await one.outside.undo("s-1") == "yes"
    assert await one.outside.do("s-1", BODY) == Later()
    assert await one.outside.undo("s-1") == "yes"
    assert one.effects()[-1] == ("refused", "s-1")
    assert len([what for what, _ in one.effects() if what == "created"]) == (before == "yes")


async def test_a_call_that_fails_does_nothing(one: One):
    await one.spoil("s-1", "later")
    assert await one.outside.do("s-1", BODY) == Later()
    assert await one.outside.do("s-1", BODY) == "yes"
    await one.spoil("s-1", "later")
    assert await one.outside.undo("s-1") == Later()
    assert await one.outside.undo("s-1") == "yes"
    assert in_force(one) == [("created", "s-1"), ("removed", "s-1")]


async def test_a_lost_answer_was_work(one: One):
    await one.spoil("s-1", "lost")
    assert await one.outside.do("s-1", BODY) == Later()
    assert in_force(one) == [("created", "s-1")]
    assert await one.outside.do("s-1", BODY) == "yes"
    await one.spoil("s-1", "lost")
    assert await one.outside.undo("s-1") == Later()
    assert await one.outside.undo("s-1") == "yes"
    assert in_force(one) == [("created", "s-1"), ("removed", "s-1")]


async def test_the_lost_answer_to_an_undo_of_nothing_is_a_tombstone(one: One):
    await one.spoil("s-1", "lost")
    assert await one.outside.undo("s-1") == Later()
    assert await one.outside.do("s-1", BODY) == Later()
    assert in_force(one) == []


async def test_sagas_do_not_meet(one: One):
    await one.outside.undo("s-1")
    await one.spoil("s-2", "no")
    assert await one.outside.do("s-3", BODY) == "yes"
    assert await one.outside.do("s-2", BODY) == NO


@pytest.mark.parametrize("seed", range(20))
async def test_both_say_and_do_the_same_whatever_they_are_asked(memory: One, real: One, seed: int):
    chance = random.Random(seed)
    story: list[str] = []
    for _ in range(20):
        saga, ask = chance.choice(("s-1", "s-2")), chance.choice(("do", "do", "undo"))
        fault = chance.choice((None, None, "later", "lost"))
        if ask == "do" and chance.random() < 0.2:
            fault = "no"
        story.append(f"{ask} {saga} {fault}")
        replies = [await answered(one, ask, saga, fault) for one in (memory, real)]
        assert replies[0] == replies[1], story
        assert in_force(memory) == in_force(real), story


async def answered(one: One, ask: str, saga: str, fault: Fault | None) -> Reply:
    if fault:
        await one.spoil(saga, fault)
    return await (one.outside.do(saga, BODY) if ask == "do" else one.outside.undo(saga))


def in_force(one: One) -> list[Effect]:
    """What was brought about and taken back."""
    return [effect for effect in one.effects() if effect[0] in ("created", "removed")]
