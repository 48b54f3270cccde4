"""What all processes have in common from start to stop: settings, logs, watchdog, signals, ends."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NoReturn

import structlog

from services.runtime.logs import configure, set_level
from services.runtime.mongo import refused
from services.runtime.settings import Settings, SettingsError, load_settings, unknown_names
from services.runtime.vitals import Vitals, fail_stop, start_watchdog, where

BEAT_PAUSE_SECONDS = 1.0
CANCEL_AGAIN_SECONDS = 10.0  # longer than the calls that are out are waited for (calls.py)
log = structlog.get_logger()
Main = Callable[[Settings, Vitals], Awaitable[None]]


def run_until_told(name: str, main: Main) -> None:
    """Run `main` until it returns (exit 0). Exit 2, one line: wrong settings, or a server refuses
    us. Exit 70: anything else that it raised."""
    try:
        settings = load_settings()
    except SettingsError as error:
        refuse(error)
    configure(settings, name)
    for unknown in unknown_names(os.environ):
        log.warning("settings.unknown", setting=unknown)
    try:
        asyncio.run(_watched(main, settings, Vitals()))
    except Exception as error:
        cause = first_error(error)
        if line := cause if isinstance(cause, SettingsError) else refused(cause):
            refuse(line)
        fail_stop(f"process failed: {where(cause)}")


async def _watched(main: Main, settings: Settings, vitals: Vitals) -> None:
    loop = asyncio.get_running_loop()
    start_watchdog(vitals, settings.batch_deadline_seconds, loop)
    level_on_signals(settings)
    await main(settings, vitals)


def first_error(error: Exception) -> Exception:
    """What a task raised, out of the groups that its task groups made of it."""
    return first_error(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error


def refuse(error: Exception | str) -> NoReturn:
    """End before anything was begun: exit 2, one line."""
    sys.stderr.write(f"{error}\n")
    sys.exit(2)


def stop_on_signals(vitals: Vitals) -> asyncio.Event:
    """What is set by SIGTERM and SIGINT."""
    stop = asyncio.Event()

    def ask() -> None:
        vitals.stop_at = vitals.stop_at or time.monotonic()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ask)
    return stop


def level_on_signals(settings: Settings) -> None:
    """SIGUSR1: log everything, from DEBUG on; SIGUSR2: as the settings say."""

    def change(level: str) -> None:
        set_level(level)
        log.warning("log.level", level_now=level)

    levels = {signal.SIGUSR1: "DEBUG", signal.SIGUSR2: settings.log_level}
    for number, level in levels.items():
        asyncio.get_running_loop().add_signal_handler(number, change, level)


async def beat_for_ever(vitals: Vitals) -> None:
    """Show the watchdog that the loop goes round."""
    while True:
        vitals.beat()
        await asyncio.sleep(BEAT_PAUSE_SECONDS)


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel them until they have ended. Once is not enough: a client of aiokafka that is being
    closed keeps the cancellation of whoever closes it to itself, and nobody would tell it again."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_SECONDS)
