"""Making a cause, waiting for its alerts, mending it, waiting until they are silent."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from tests.monitoring.fired.stage import Stage

T = TypeVar("T")
FIRES_SECONDS, SILENT_SECONDS, PAUSE_SECONDS = 240.0, 400.0, 0.1


@dataclass(frozen=True)
class Cause:
    """What is made, and the alerts that it makes fire.

    `made` has brought it about when its block begins, and mends it, as `mended` says, at its end;
    without words it is over by itself. `waits_seconds`: how long the alerts may take.
    """

    told: str
    alerts: tuple[str, ...]
    made: Callable[[Stage], AbstractAsyncContextManager[None]]
    mended: str = ""
    waits_seconds: float = FIRES_SECONDS


@dataclass(frozen=True)
class Fired:
    """An alert that fired, and was silent `silent_seconds` after the mending began (0: before)."""

    alert: str
    cause: str
    fired_seconds: float
    summary: str
    mended: str
    silent_seconds: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def fire(
    stage: Stage, cause: Cause, meanwhile: Callable[[], Awaitable[None]] | None = None
) -> list[Fired]:
    """Those of its alerts that fired, and went silent again; `meanwhile` is done before the mending."""
    say(f"next: {cause.told}")
    await _when(lambda: _are_away(stage, cause.alerts), SILENT_SECONDS)
    async with cause.made(stage):
        waiting = [_fires(stage, name, cause.waits_seconds) for name in cause.alerts]
        more = [meanwhile()] if meanwhile else []
        fired = dict((await asyncio.gather(*waiting, *more))[: len(cause.alerts)])
        found = {name: one for name, one in fired.items() if one is not None}
        silent = [asyncio.create_task(_silent(stage, name)) for name in found]  # while it is mended
    return [
        Fired(name, cause.told, *found[name], cause.mended, seconds)
        for name, seconds in await asyncio.gather(*silent)
        if seconds is not None
    ]


def say(text: str) -> None:
    """Progress, with the time."""
    print(f"{time.strftime('%H:%M:%SZ', time.gmtime())}  {text}", flush=True)


async def _fires(stage: Stage, name: str, most: float) -> tuple[str, tuple[float, str] | None]:
    """After how many seconds, and with which summary; None: it did not."""
    found = await _when(lambda: _of(stage, name, "firing"), most)
    if found is None:
        say(f"  {name} DID NOT FIRE in {most:.0f} s")
        return name, None
    seconds, summary = found[0], summary_of(found[1])
    say(f"  {name} fired after {seconds:.1f} s: {summary}")
    return name, (seconds, summary)


async def _silent(stage: Stage, name: str) -> tuple[str, float | None]:
    """After how many seconds; 0: it was already; None: it goes on."""

    async def is_silent() -> bool:
        return not await _of(stage, name, "firing")

    if await is_silent():
        say(f"  {name} was silent before it was mended")
        return name, 0.0
    found = await _when(is_silent, SILENT_SECONDS)
    say(f"  {name} was silent after {found[0]:.1f} s" if found else f"  {name} GOES ON")
    return name, found[0] if found else None


async def _of(stage: Stage, name: str, *states: str) -> list[Mapping[str, Any]]:
    active = await stage.watched.active()
    return [one for one in active if one["labels"]["alertname"] == name and one["state"] in states]


async def _are_away(stage: Stage, names: Iterable[str]) -> bool:
    return not any([await _of(stage, name, "firing", "pending") for name in names])


def summary_of(alerts: Iterable[Mapping[str, Any]]) -> str:
    """Of the first; of an alert that tells of several how many more there are."""
    first, *others = sorted({one["annotations"]["summary"] for one in alerts})
    return f"{first} (and {len(others)} more)" if others else first


async def _when(so: Callable[[], Awaitable[T]], most: float) -> tuple[float, T] | None:
    """How long it took until there was an answer that is true, and that; None: longer."""
    began = time.monotonic()
    while not (answer := await so()):
        if time.monotonic() - began > most:
            return None
        await asyncio.sleep(PAUSE_SECONDS)
    return time.monotonic() - began, answer
