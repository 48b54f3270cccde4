"""The calls to an outside system: outside of batches, so many at once, and no more taken than that.

A batch only records that a call is wanted, and under whose lease. So one slow call holds nobody
else; and since hardly more is claimed than can be called, the log stays the queue (T3).

First calls and further tries take turns, so that neither holds up the other. A call begins only
if its lease lasts until it must have ended; one that waited for too long is given back: its lease
may have been moved by an outage, and nobody else would call before it ends.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from services.runtime.document import Document

Make = Callable[[Document], Awaitable[None]]
GiveBack = Callable[[Sequence[Document]], Awaitable[None]]
MOST_WAITING = 1000
STOP_SECONDS = 4.0


class Calls:
    """Calls of one worker: at most `most` at once, each of at most `seconds`."""

    def __init__(
        self,
        most: int,
        seconds: float,
        now: Callable[[], datetime],
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        self._most, self._longest, self._now = most, timedelta(seconds=seconds), now
        self._stop_seconds = stop_seconds
        self._first: dict[str, Document] = {}
        self._again: dict[str, Document] = {}
        self._out: dict[tuple[str, str | None], Document] = {}
        self._first_out = 0
        self._turn_of_first = True
        self._stopping = False
        self._some, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()

    @property
    def claims_at_once(self) -> int:
        """The most new claims that a batch may bring."""
        return self._most

    def start(self, document: Document) -> None:
        """Have it called. Of one saga only the last claim counts; `room` bounds first calls, and
        further tries for which there is no place come again when their lease has ended."""
        saga_id = document.context.saga_id
        self._first.pop(saga_id, None)
        self._again.pop(saga_id, None)
        waiting = self._first if _is_first(document) else self._again
        if len(waiting) < MOST_WAITING:
            waiting[saga_id] = document
        self._changed()

    async def room(self, seconds: float) -> bool:
        """Wait so long until the claims that wait for the end of their first call are fewer than
        the calls at once; whether they are."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._room.wait(), seconds)
        return self._room.is_set()

    async def run(self, make: Make, give_back: GiveBack) -> None:
        """Make calls until cancelled. Those that are out then have a little time to end; the rest
        is given back, so that another worker need not wait for the end of their leases."""
        async with asyncio.TaskGroup() as group:
            callers = [group.create_task(self._call_on(make, give_back)) for _ in range(self._most)]
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if not any(one.done() for one in callers):  # else one of them met a bug
                    await self._stop(callers, give_back)
                raise

    async def _stop(self, callers: Iterable[asyncio.Task[None]], give_back: GiveBack) -> None:
        self._stopping = True
        self._changed()
        await asyncio.wait(callers, timeout=self._stop_seconds)
        await _cancel(callers)
        with suppress(TimeoutError):  # the database is away: their leases end by themselves
            async with asyncio.timeout(self._stop_seconds):
                while rest := self._take_all():
                    await give_back(rest)

    async def _call_on(self, make: Make, give_back: GiveBack) -> None:
        while document := await self._next():
            call = (document.context.saga_id, document.lease)
            self._out[call] = document
            self._first_out += _is_first(document)
            await (make(document) if self._lasts(document) else give_back([document]))
            del self._out[call]
            self._first_out -= _is_first(document)
            self._changed()

    async def _next(self) -> Document | None:
        """The next to call; None: no more."""
        while not self._stopping:
            if document := self._take():
                return document
            self._some.clear()
            await self._some.wait()
        return None

    def _take(self) -> Document | None:
        if waiting := self._in_turn():
            return waiting.pop(next(iter(waiting)))
        return None

    def _in_turn(self) -> dict[str, Document]:
        self._turn_of_first = not self._turn_of_first
        either = (self._first, self._again) if self._turn_of_first else (self._again, self._first)
        return either[0] or either[1]

    def _lasts(self, document: Document) -> bool:
        return document.try_at is not None and document.try_at - self._now() >= self._longest

    def _take_all(self) -> list[Document]:
        """Of each saga the last claim: that of a call which is out is the older one."""
        rest = {saga_id: one for (saga_id, _), one in self._out.items()}
        rest |= self._again | self._first
        self._out.clear()
        self._again.clear()
        self._first.clear()
        return list(rest.values())

    def _changed(self) -> None:
        self._some.set()
        if len(self._first) + self._first_out < self._most:
            self._room.set()
        else:
            self._room.clear()


def _is_first(document: Document) -> bool:
    return document.state == "pending" and document.attempts == 1


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    for one in tasks:
        one.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
