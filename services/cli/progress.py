"""Progress of long work, on a terminal: how far, how fast, how long still."""

import time

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.cli.printing import console


class Bar:
    """One bar after another in the same place. Nothing is shown where nobody looks."""

    def __init__(self) -> None:
        shown = console(to_stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        self._progress = Progress(
            *columns, console=shown, transient=True, disable=not shown.is_interactive
        )
        self._task = self._progress.add_task("", total=None, rate="", start=False)

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._progress.stop()

    def begin(self, what: str, done: int, total: int) -> None:
        """The next work, of which so much is done already."""
        self._begun_at, self._done = time.monotonic(), done
        self._progress.reset(
            self._task, description=what, total=max(total, 1), completed=done, rate=""
        )

    def tell(self, done: int) -> None:
        """So much is done now."""
        seconds = time.monotonic() - self._begun_at
        rate = (done - self._done) / seconds if seconds > 0 else 0
        self._progress.update(self._task, completed=done, rate=f"{rate:,.0f}/s")
