"""Runs what goes on until somebody stops it: Ctrl-C and SIGTERM end it cleanly."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import typer

from deploy.local.errors import FolderRefused, LocalError, StackDied
from services.cli.errors import CliError


def run_until_stopped(
    work: Coroutine[Any, Any, None], on_stop: Callable[[], None]
) -> signal.Signals | None:
    """The signal that ended the work; None if it ended by itself. What it cleans up, it may.

    CliError in the place of what the local stack raises.
    """
    try:
        return asyncio.run(_until_stopped(work, on_stop))
    except LocalError as error:
        raise CliError(one_line(error), error.exit_code) from None


def follow(work: Coroutine[Any, Any, None]) -> None:
    """The same for a command: stopped, it exits as a shell tells it, 130 after Ctrl-C, 143 after
    SIGTERM."""
    if number := run_until_stopped(work, on_stop=lambda: None):
        raise typer.Exit(128 + number)


def one_line(error: LocalError) -> str:
    """What happened and what to do. Of a process that failed, the last of its words only."""
    first, _, rest = str(error).partition("\n")
    words = rest.strip().splitlines()
    what = first.replace("; the end of ", "; see ").removesuffix(":")
    told = f"{what}: {words[-1]}" if words else what
    return f"{told}{_remedy(error, told)}"


def _remedy(error: LocalError, told: str) -> str:
    if isinstance(error, FolderRefused) and "in use by" in told:
        return ": stop that one, or choose another folder with --data DIR"
    return "; `onboarding up` starts anew" if isinstance(error, StackDied) else ""


async def _until_stopped(
    work: Coroutine[Any, Any, None], on_stop: Callable[[], None]
) -> signal.Signals | None:
    asked = _signals()
    task = asyncio.create_task(work)
    either: set[asyncio.Future[Any]] = {task, asked}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        on_stop()
        task.cancel()  # once only: a second one would break off the stopping of the processes
        await asyncio.wait({task})
        if task.cancelled():
            return asked.result()
    await task
    return asked.result() if asked.done() else None


def _signals() -> asyncio.Future[signal.Signals]:
    """The first Ctrl-C or SIGTERM that comes."""
    loop = asyncio.get_running_loop()
    first: asyncio.Future[signal.Signals] = loop.create_future()

    def hold(number: signal.Signals) -> None:
        if not first.done():
            first.set_result(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, hold, number)
    return first
