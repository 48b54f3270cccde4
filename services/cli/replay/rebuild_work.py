"""One process of a rebuild: it takes tasks of a phase until none is left."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from deploy.local.child import leash
from services.cli.replay.rebuild_comparing import compare_range
from services.cli.replay.rebuild_desk import Desk, Job, Phase, desk_for
from services.cli.replay.rebuild_tasks import fold_bucket, keep_range, read_span
from services.runtime.heap import collect_rarely

_taken: Any = None  # how many tasks were taken, by all processes
_done: Any = None  # how much of the phase is done
_stop: Any = None


class StoppedError(Exception):
    """Nobody wants the rest."""


def begin(taken: Any, done: Any, stop: Any) -> None:
    """In a new process. It ends with the one that made it, however that ends."""
    global _taken, _done, _stop
    collect_rarely()  # it took a tenth of the time
    _taken, _done, _stop = taken, done, stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other one hears it, and says when to stop
    if hold := leash(os.getppid()):
        hold()


def work(job: Job) -> list[Any]:
    """Take tasks until none is left; what came of each."""
    try:
        return asyncio.run(_work(job))
    except ExceptionGroup as group:  # of the task group in which some are written
        raise group.exceptions[0] from None


async def _work(job: Job) -> list[Any]:
    results = []
    async with desk_for(job, _tell) as desk:
        while (task := _next(job.tasks)) is not None:
            results.append(await _DO[job.phase](desk, task))
    return results


def _next(tasks: Sequence[int]) -> int | None:
    with _taken.get_lock():
        number = _taken.value
        _taken.value += 1
    return tasks[number] if number < len(tasks) else None


def _tell(more: int) -> None:
    with _done.get_lock():
        _done.value += more
    if _stop.is_set():
        raise StoppedError


_DO: Mapping[Phase, Callable[[Desk, int], Awaitable[Any]]] = {
    "reading": read_span,
    "keeping": keep_range,
    "folding": fold_bucket,
    "comparing": compare_range,
}
