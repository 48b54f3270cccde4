"""Turns: a few at once, and of each caller one."""

import asyncio

from services.gateway.turns import Turns


class Work:
    """What is going on, by whom, until it is told to end."""

    def __init__(self, turns: Turns) -> None:
        self.turns, self.now, self.end = turns, list[str](), asyncio.Event()

    async def of(self, who: str) -> None:
        async with self.turns.of(who):
            self.now.append(who)
            await self.end.wait()

    async def begun(self, *who: str) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(self.of(one)) for one in who]
        for _ in range(10):
            await asyncio.sleep(0)
        return tasks


async def test_who_comes_often_waits_for_himself_and_nobody_for_him():
    work = Work(Turns(2))
    tasks = await work.begun("often", "often", "often", "other")
    assert work.now == ["often", "other"]
    work.end.set()
    await asyncio.gather(*tasks)
    assert sorted(work.now) == ["often", "often", "often", "other"]


async def test_no_more_than_a_few_are_at_it():
    work = Work(Turns(2))
    tasks = await work.begun("one", "two", "three")
    assert work.now == ["one", "two"]
    work.end.set()
    await asyncio.gather(*tasks)


async def test_who_gives_up_waiting_leaves_his_turn_to_others():
    work = Work(Turns(1))
    first, second = await work.begun("one", "two")
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    work.end.set()
    await first
    await asyncio.wait_for(work.of("two"), 5)
