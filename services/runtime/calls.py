"""The calls to an outside system: outside of batches, so many at once, and no more taken than that.

A batch only records that a call is wanted, and under whose lease. So one slow call holds nobody
else; and since hardly more is claimed than can be called, the log stays the queue (T3).
"""

import asyncio
from collections.abc import Awaitable, Callable

from services.runtime.document import Document

Make = Callable[[Document], Awaitable[None]]


class Calls:
    """Calls of one worker, at most `most` at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._queue: asyncio.Queue[Document] = asyncio.Queue()
        self._first_calls = 0
        self._room = asyncio.Condition()

    @property
    def claims_at_once(self) -> int:
        """The most new claims that a batch may bring."""
        return self._most

    def start(self, document: Document) -> None:
        """Have it called; bounded by `room` for new claims, and by the sweeper for the rest."""
        self._first_calls += _is_first(document)
        self._queue.put_nowait(document)

    async def room(self) -> None:
        """Wait until the claims that wait for their first call are fewer than the calls at once."""
        async with self._room:
            await self._room.wait_for(lambda: self._first_calls < self._most)

    async def run(self, make: Make) -> None:
        """Make calls until cancelled."""
        async with asyncio.TaskGroup() as callers:
            for _ in range(self._most):
                callers.create_task(self._call_on(make))

    async def _call_on(self, make: Make) -> None:
        while True:
            document = await self._queue.get()
            try:
                await make(document)
            finally:
                self._queue.task_done()
                await self._called(document)

    async def _called(self, document: Document) -> None:
        async with self._room:
            self._first_calls -= _is_first(document)
            self._room.notify_all()


def _is_first(document: Document) -> bool:
    return document.state == "pending" and document.attempts == 1
