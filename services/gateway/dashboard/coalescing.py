"""Answers that many look at are asked for once: whoever comes while it is asked waits for it."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

KEYS_MAX = 1_000
FRESH_SECONDS, SHARE = 1.0, 20  # what took long is kept longer: asking takes 5 % of the time
LONGEST_SECONDS = 10.0  # but not so long that a number is of a time that has gone by


@dataclass(slots=True)
class _Kept:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    asked_at: float = 0.0
    until: float = 0.0
    answer: Any = None

    def keep(self, answer: Any, asked_at: float) -> None:
        """Unless what is kept was asked for later."""
        if asked_at >= self.asked_at:
            now = time.monotonic()
            self.answer, self.asked_at = answer, asked_at
            self.until = now + kept_seconds(now - asked_at)


class Coalesced:
    """Of one process; by key, the latest KEYS_MAX of them."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def of(self, key: str, ask: Callable[[], Awaitable[Any]]) -> Any:
        """What `ask` answers, or answered a moment ago. What it raises is raised, and not kept."""
        kept = self._at(key)
        async with kept.lock:
            now = time.monotonic()
            if now >= kept.until:
                kept.keep(await ask(), now)
            return kept.answer

    def know(self, key: str, answer: Any, asked_at: float) -> None:
        """What somebody asked for apart, at that monotonic time: nobody is told what is older."""
        self._at(key).keep(answer, asked_at)

    def _at(self, key: str) -> _Kept:
        kept = self._kept.setdefault(key, _Kept())
        self._kept.move_to_end(key)
        while len(self._kept) > KEYS_MAX:
            self._kept.popitem(last=False)
        return kept


def kept_seconds(took: float) -> float:
    """How long an answer is kept that took so many seconds."""
    return min(LONGEST_SECONDS, max(FRESH_SECONDS, took * SHARE))
