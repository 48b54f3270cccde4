"""What is common to the ends of all processes."""

import asyncio
from contextlib import suppress

from services.runtime import calls, lifecycle


async def test_a_task_whose_library_keeps_its_cancellation_to_itself_is_told_again(monkeypatch):
    monkeypatch.setattr(lifecycle, "CANCEL_AGAIN_SECONDS", 0.01)
    keeping = asyncio.Event()

    async def keeps_one_to_itself():
        with suppress(asyncio.CancelledError):
            keeping.set()
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(keeps_one_to_itself())
        await keeping.wait()
        await lifecycle.end([task])
    assert task.cancelled()


def test_calls_that_are_out_may_end_and_the_rest_is_given_back_before_anybody_is_told_again():
    assert lifecycle.CANCEL_AGAIN_SECONDS > 2 * calls.STOP_SECONDS


async def test_what_has_ended_already_is_no_trouble_and_what_it_raised_is_left_to_its_group():
    async def fails():
        raise ValueError

    task = asyncio.create_task(fails())
    await asyncio.wait([task])
    await lifecycle.end([task])
    assert isinstance(task.exception(), ValueError)
