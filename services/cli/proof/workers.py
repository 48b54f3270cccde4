"""Searches of several small worlds at once, each in a process of its own, and how far they are."""

import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from services.cli.printing import console
from services.cli.proof.coverage import cells_met
from services.cli.proof.replay import test_of
from services.cli.proof.runs import Run
from services.cli.proof.search import Found, Violation, search
from services.cli.proof.timeline import told

AT_ONCE = 2
LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Proved:
    """A search that ended: what it saw, the cells of the table that it met, and, if something was
    wrong, how it came about: as lines, and as the source of a test."""

    run: Run
    found: Found
    cells: dict[str, int]
    timeline: tuple[str, ...] = ()
    test: str = ""


class StoppedError(Exception):
    """Nobody wants to wait for the rest."""


_seen: Any = None  # states so far, by the number of the run; shared by all processes
_stop: Any = None


def prove_all(runs: Sequence[Run], most: int) -> Iterator[Proved]:
    """Each as soon as it ended. Leaving early, or an interrupt, ends the others too."""
    context = get_context()
    seen, stop = context.Array("q", len(runs), lock=False), context.Event()
    with ProcessPoolExecutor(AT_ONCE, context, _begin, (seen, stop)) as workers:
        waiting = {workers.submit(_prove, n, run, most): n for n, run in enumerate(runs)}
        try:
            with _progress() as progress:
                yield from _as_they_end(waiting, runs, seen, progress)
        finally:
            stop.set()
            workers.shutdown(cancel_futures=True)


def prove(run: Run, most: int, tell: Any = lambda *_: None) -> Proved:
    """Search one world."""
    world = run.world()
    found = search(world, run.budgets, most, tell)
    cells, wrong = dict(cells_met(world)), found.violation
    if wrong is None:
        return Proved(run, found, cells)
    proved = Proved(run, found, cells, tuple(told(world, wrong)), test_of(world, run, wrong))
    found.violation = Violation(wrong.what, ())  # what goes to the other process stays small
    return proved


def _as_they_end(
    waiting: dict["Future[Proved]", int], runs: Sequence[Run], seen: Any, progress: Progress
) -> Iterator[Proved]:
    tasks = {
        n: progress.add_task(run.name, total=None, visible=False) for n, run in enumerate(runs)
    }
    while waiting:
        ended, _ = wait(waiting, LOOK_SECONDS, FIRST_COMPLETED)
        for number in waiting.values():
            progress.update(tasks[number], completed=seen[number], visible=seen[number] > 0)
        for future in ended:
            progress.remove_task(tasks[waiting.pop(future)])
            yield future.result()


def _prove(number: int, run: Run, most: int) -> Proved:
    def tell(states: int, _waiting: int) -> None:
        _seen[number] = states
        if _stop.is_set():
            raise StoppedError

    return prove(run, most, tell)


def _begin(seen: Any, stop: Any) -> None:
    """In a new process: the other one hears Ctrl-C, and says when to stop."""
    global _seen, _stop
    _seen, _stop = seen, stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _progress() -> Iterator[Progress]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,} states"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console(to_stderr=True), transient=True) as progress:
        yield progress
