"""The signs of life of a process, and the watchdog that ends one that no longer shows them."""

import asyncio
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

EXIT_FAIL_STOP = 70
LOOP_LATE_SECONDS = 30.0
STOP_MARGIN_SECONDS = 10.0  # on top of the batch that is finished
APART_SECONDS = 120.0  # no rebalance takes so long: everybody has 30 s to come back
TASKS_SHOWN, CALLS_SHOWN = 60, 12
STORM_SECONDS = 60.0
_INTAKE: ContextVar[str | None] = ContextVar("intake", default=None)  # whose batch a task works on


@dataclass(slots=True)
class Vitals:
    """What the health page, the instance record and the watchdog look at.

    Times are of the monotonic clock, in seconds. `apart_since`: when it was last in its group, or a
    server did not answer. `progress_at` has the batches that are worked on,
    by intake; waiting for a server counts as progress.
    """

    loop_at: float = field(default_factory=time.monotonic)
    progress_at: dict[str, float] = field(default_factory=dict)
    stop_at: float | None = None
    batch_at: datetime | None = None
    partitions: tuple[str, ...] = ()
    joined: bool = False
    waiting_for: dict[str, str] = field(default_factory=dict)
    away: dict[str, str] = field(default_factory=dict)
    apart_since: float = field(default_factory=time.monotonic)
    rebalanced_at: deque[float] = field(default_factory=lambda: deque(maxlen=1000))

    @property
    def signs(self) -> dict[str, Any]:
        """What the instance record tells. `rebalances`: of the last minute."""
        since = time.monotonic() - STORM_SECONDS
        return {
            "partitions": list(self.partitions),
            "batch_at": self.batch_at,
            "joined": self.joined,
            "waiting_for": self.missing,
            "rebalances": sum(at >= since for at in self.rebalanced_at),
        }

    @property
    def ready(self) -> bool:
        """Joined its group, every server answers, and none is being waited for."""
        return self.joined and not self.missing and self.stop_at is None

    @property
    def missing(self) -> dict[str, str]:
        """Servers that do not answer, and why: those that are waited for, and those that only did
        not answer when they were looked at (signs.py)."""
        return self.away | self.waiting_for

    def assigned(self, joined: bool, partitions: tuple[str, ...]) -> None:
        """What the group gave it now; not joined: a rebalance goes on."""
        if (self.joined and not joined) or (joined and partitions != self.partitions):
            self.rebalanced_at.append(time.monotonic())
        self.joined, self.partitions = joined, partitions

    def batch_started(self, intake: str) -> None:
        _INTAKE.set(intake)
        self.progress_at[intake] = time.monotonic()

    def batch_ended(self, intake: str) -> None:
        self.progress_at.pop(intake, None)
        self.batch_at = datetime.now(UTC)

    def waits(self, server: str, why: str) -> None:
        """A call to a server failed and will be tried again."""
        self.waiting_for[server] = why
        self.progress_at = dict.fromkeys(self.progress_at, time.monotonic())

    def waits_its_turn(self) -> None:
        """The batch of the caller waits for calls of batches before it: that is no hang."""
        if (intake := _INTAKE.get()) and intake in self.progress_at:
            self.progress_at[intake] = time.monotonic()

    def beat(self) -> None:
        """The loop goes round."""
        self.loop_at = time.monotonic()
        if self.joined or self.missing:
            self.apart_since = self.loop_at

    def answered(self, server: str) -> None:
        self.waiting_for.pop(server, None)


def fail_stop(why: str) -> None:
    """End the process at once, before anything unfinished can be acknowledged (exit code 70).

    An exception that leaves a Faust agent acknowledges its batch: the batch would be lost.
    """
    sys.stderr.write(f'{{"event":"process.fail_stop","level":"critical","why":"{why}"}}\n')
    sys.stderr.flush()
    os._exit(EXIT_FAIL_STOP)


def where(error: BaseException) -> str:
    """Type and place of an error, without its text: that may hold personal data."""
    if isinstance(error, BaseExceptionGroup):
        return where(error.exceptions[0])
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else "unknown place"
    return f"{type(error).__name__} in {place}"


def late(vitals: Vitals, batch_deadline_seconds: float, now: float) -> str | None:
    """Why the process must end, or None."""
    if now - vitals.loop_at > LOOP_LATE_SECONDS:
        return "the event loop hangs"
    oldest = min(list(vitals.progress_at.values()), default=now)  # of another thread's dict
    if now - oldest > batch_deadline_seconds:
        return "a batch hangs"
    stop_late = batch_deadline_seconds + STOP_MARGIN_SECONDS
    if vitals.stop_at is not None and now - vitals.stop_at > stop_late:
        return "stopping hangs"
    if now - vitals.apart_since > APART_SECONDS:
        return f"not in its group for {APART_SECONDS:.0f} s, although the servers answer"
    return None


def places_of(tasks: Iterable[asyncio.Task[Any]]) -> str:
    """Where each task waits, so that the log of a process that hung tells what it hung in: names of
    functions and lines from the outermost to the innermost, no data."""
    return "; ".join(_place_of(task.get_coro()) for task in list(tasks)[:TASKS_SHOWN])


def _place_of(waits: Any) -> str:
    """Of what awaits what; the frames of a task have only the outermost of them."""
    frames: list[str] = []
    while (frame := getattr(waits, "cr_frame", None)) and len(frames) < CALLS_SHOWN:
        frames.append(f"{frame.f_code.co_qualname}:{frame.f_lineno}")
        waits = waits.cr_await
    return " > ".join(frames) or "ended"


def start_watchdog(
    vitals: Vitals, batch_deadline_seconds: float, loop: asyncio.AbstractEventLoop
) -> None:
    """Watch from a thread of its own: a hung loop cannot watch itself."""

    def watch() -> None:
        while True:
            time.sleep(1.0)
            why = late(vitals, batch_deadline_seconds, time.monotonic())
            if why is not None:
                sys.stderr.write(f"where its tasks are: {places_of(asyncio.all_tasks(loop))}\n")
                fail_stop(why)

    threading.Thread(target=watch, name="watchdog", daemon=True).start()
