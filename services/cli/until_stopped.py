"""Runs what goes on until somebody stops it: Ctrl-C and SIGTERM end it cleanly."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from deploy.local.errors import FolderRefused, LocalError, StackDied
from services.cli.errors import CliError


def run_until_stopped(work: Coroutine[Any, Any, None], on_stop: Callable[[], None]) -> bool:
    """True if a signal ended the work, False if it ended by itself. What it cleans up, it may.

    CliError in the place of what the local stack raises.
    """
    try:
        return asyncio.run(_until_stopped(work, on_stop))
    except LocalError as error:
        raise CliError(one_line(error), error.exit_code) from None


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


async def _until_stopped(work: Coroutine[Any, Any, None], on_stop: Callable[[], None]) -> bool:
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    task = asyncio.create_task(work)
    stop = asyncio.create_task(asked.wait())
    await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not task.done():
        on_stop()
        task.cancel()  # once only: a second one would break off the stopping of the processes
        await asyncio.wait({task})
        if task.cancelled():
            return True
    await task
    return asked.is_set()
