"""Who may do something costly now: a few at once, and of each caller one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Turns:
    """So many at once. Who comes more often than the others waits for himself, not they for him."""

    def __init__(self, at_once: int) -> None:
        self._all = asyncio.Semaphore(at_once)
        self._of: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, who: str) -> AsyncIterator[None]:
        """While the block lasts it is his turn."""
        own = self._of.get(who) or self._of.setdefault(who, asyncio.Lock())
        async with own, self._all:
            yield
