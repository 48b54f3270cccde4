"""Waiting for something to become so: by asking again until a deadline, never by sleeping it out."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE_SECONDS = 180.0


async def until(
    what: str,
    ask: Callable[[], Awaitable[T]],
    seconds: float = PATIENCE_SECONDS,
    pause: float = 0.1,
) -> T:
    """The first answer that is true."""
    deadline = time.monotonic() + seconds
    while not (answer := await ask()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        await asyncio.sleep(pause)
    return answer


async def until_so(what: str, is_so: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> None:
    """The same for a question that needs no waiting."""

    async def ask() -> Any:
        return is_so()

    await until(what, ask, seconds, pause=0.02)


async def until_nothing(
    what: str, left: Callable[[], Awaitable[T]], seconds: float = PATIENCE_SECONDS
) -> None:
    """Wait until nothing is left; fails with what was."""
    deadline = time.monotonic() + seconds
    while rest := await left():
        assert time.monotonic() < deadline, f"{what}: {rest}"
        await asyncio.sleep(0.2)
