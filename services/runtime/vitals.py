"""The signs of life of a process, and the watchdog that ends one that no longer shows them."""

import os
import sys
import threading
import time
from collections import deque
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

EXIT_FAIL_STOP = 70
LOOP_LATE_SECONDS = 30.0
STOP_LATE_SECONDS = 60.0
STORM_SECONDS = 60.0
_INTAKE: ContextVar[str | None] = ContextVar("intake", default=None)  # whose batch a task works on


@dataclass(slots=True)
class Vitals:
    """What the health page, the instance record and the watchdog look at.

    Times are of the monotonic clock, in seconds. `progress_at` has the batches that are worked on,
    by intake; waiting for a server counts as progress.
    """

    loop_at: float = field(default_factory=time.monotonic)
    progress_at: dict[str, float] = field(default_factory=dict)
    stop_at: float | None = None
    batch_at: datetime | None = None
    partitions: tuple[str, ...] = ()
    joined: bool = False
    waiting_for: dict[str, str] = field(default_factory=dict)
    rebalanced_at: deque[float] = field(default_factory=lambda: deque(maxlen=1000))

    @property
    def signs(self) -> dict[str, Any]:
        """What the instance record tells. `rebalances`: of the last minute."""
        since = time.monotonic() - STORM_SECONDS
        return {
            "partitions": list(self.partitions),
            "batch_at": self.batch_at,
            "joined": self.joined,
            "waiting_for": dict(self.waiting_for),
            "rebalances": sum(at >= since for at in self.rebalanced_at),
        }

    @property
    def ready(self) -> bool:
        """Joined its group, and no server is being waited for."""
        return self.joined and not self.waiting_for and self.stop_at is None

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

    def answered(self, server: str) -> None:
        self.waiting_for.pop(server, None)


def fail_stop(why: str) -> None:
    """End the process at once, before anything unfinished can be acknowledged (exit code 70).

    An exception that leaves a Faust agent acknowledges its batch: the batch would be lost.
    """
    sys.stderr.write(f'{{"event":"process.fail_stop","level":"critical","why":"{why}"}}\n')
    sys.stderr.flush()
    os._exit(EXIT_FAIL_STOP)


def late(vitals: Vitals, batch_deadline_seconds: float, now: float) -> str | None:
    """Why the process must end, or None."""
    if now - vitals.loop_at > LOOP_LATE_SECONDS:
        return "the event loop hangs"
    oldest = min(list(vitals.progress_at.values()), default=now)  # of another thread's dict
    if now - oldest > batch_deadline_seconds:
        return "a batch hangs"
    if vitals.stop_at is not None and now - vitals.stop_at > STOP_LATE_SECONDS:
        return "stopping hangs"
    return None


def start_watchdog(vitals: Vitals, batch_deadline_seconds: float) -> None:
    """Watch from a thread of its own: a hung loop cannot watch itself."""

    def watch() -> None:
        while True:
            time.sleep(1.0)
            why = late(vitals, batch_deadline_seconds, time.monotonic())
            if why is not None:
                fail_stop(why)

    threading.Thread(target=watch, name="watchdog", daemon=True).start()
