"""Keeps one child alive: starts it, asks whether it is ready, starts it again when it crashes."""

import asyncio
import os
import random
import signal
from collections.abc import Callable
from dataclasses import replace

from deploy.local.backoff import Backoff
from deploy.local.child import Child, end, spawn, tail
from deploy.local.errors import ChildFailed
from deploy.local.folder import StateFolder

WRONG_SETTINGS = 2  # the exit code that no restart can mend
FAIL_STOP = 70  # of a process that stopped itself to lose nothing
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)
Tell = Callable[[str, "Keeper", dict[str, object]], None]


class Keeper:
    """One child over all its lives; `tell(event, keeper, fields)` hears of each change."""

    def __init__(
        self, child: Child, folder: StateFolder, tell: Tell, backoff: Backoff, chance: random.Random
    ) -> None:
        self.child = child
        self.failure: ChildFailed | None = None
        self.ever_ready = False
        self._folder, self._tell, self._backoff, self._chance = folder, tell, backoff, chance
        self._process: asyncio.subprocess.Process | None = None
        self._ready, self._stop = asyncio.Event(), asyncio.Event()
        self._crashes = self._fail_stops = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """None while it does not run."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process and running else None

    def start(self) -> asyncio.Task[None]:
        """Begin its lives, if they have not begun. The task keeps it: an error of it is ours."""
        if self._task is None or self._task.done():
            self._stop.clear()
            self.failure, self._crashes = None, 0
            self._task = asyncio.create_task(self._live(), name=f"keeper of {self.child.name}")
        return self._task

    async def stop(self) -> None:
        """End its lives, the present one included."""
        self._stop.set()
        await self.ended()

    async def ended(self) -> None:
        """Wait until it is stopped or given up."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def kill(self, how: signal.Signals) -> None:
        """Send a signal; ProcessLookupError if it does not run now."""
        if (pid := self.pid) is None:
            raise ProcessLookupError(f"{self.child.name} is not running")
        if how in ENDING_SIGNALS:
            self._ready.clear()  # at once: whoever waits for ready means the next life
        os.kill(pid, how)

    async def wait_ready(self, timeout_seconds: float | None = None) -> None:
        """Return when it is ready; ChildFailed with the end of its log when that is not to be."""
        seconds = self.child.ready_seconds if timeout_seconds is None else timeout_seconds
        ready = asyncio.create_task(self._ready.wait())
        waited = {ready} if self._task is None else {ready, self._task}
        try:
            await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        if self._task is not None and self._task.done():
            self._task.result()  # raises what ended the keeping, if that is not the child's doing
        if not self._ready.is_set():
            raise self.failure or self._failed(self._why_not(seconds))

    def _why_not(self, seconds: float) -> str:
        """With how it is now: an empty log alone tells nobody anything."""
        if self._stop.is_set():
            return "was stopped"
        lives = f"runs as {self.pid}" if self.pid else "does not run"
        where = self._folder.health_url(self.child.name) or "no address"
        return f"was not ready in {seconds:g} s ({lives}, health at {where})"

    async def _live(self) -> None:
        while not self._stop.is_set() and self.failure is None:
            try:
                self._folder.health_file(self.child.name).unlink(missing_ok=True)
                told = {**self.child.env, "ONBOARDING_FAIL_STOPS": str(self._fail_stops)}
                log = self._folder.log(self.child.name)
                self._process = await spawn(replace(self.child, env=told), log)
            except OSError as error:
                self._give_up(ChildFailed(f"{self.child.name} does not start: {error}"))
                return
            await self._live_once(self._process)

    async def _live_once(self, process: asyncio.subprocess.Process) -> None:
        began = asyncio.get_running_loop().time()
        code = await self._attend(process)
        if self._stop.is_set():
            return
        self._fail_stops += code == FAIL_STOP
        lived = asyncio.get_running_loop().time() - began
        self._crashes = 1 if lived > self._backoff.forgiven_after_seconds else self._crashes + 1
        if failure := self._final(code):
            self._give_up(failure)
        else:
            await self._pause(code)

    async def _attend(self, process: asyncio.subprocess.Process) -> int:
        """Its exit code. Should telling fail, it is ended: nobody would know that it runs."""
        try:
            async with asyncio.TaskGroup() as tasks:
                ready = tasks.create_task(self._notice_ready())
                self._tell("process.started", self, {"pid": process.pid})
                await self._until_exit(process, tasks)
                ready.cancel()
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            self._ready.clear()
            await end(process, self.child.stop_grace_seconds)
        return await process.wait()

    async def _until_exit(
        self, process: asyncio.subprocess.Process, tasks: asyncio.TaskGroup
    ) -> None:
        exited = tasks.create_task(process.wait())
        stopped = tasks.create_task(self._stop.wait())
        await asyncio.wait({exited, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if self._stop.is_set():
            await end(process, self.child.stop_grace_seconds)
            self._tell("process.stopped", self, {"code": process.returncode})

    async def _notice_ready(self) -> None:
        began = asyncio.get_running_loop().time()
        while self.child.ready and not await self.child.ready():  # noqa: ASYNC110 (it is outside)
            await asyncio.sleep(0.02)
        self._ready.set()
        self.ever_ready = True
        seconds = round(asyncio.get_running_loop().time() - began, 2)
        self._tell("process.ready", self, {"pid": self.pid, "seconds": seconds})

    def _final(self, code: int) -> ChildFailed | None:
        hopeless = not self.ever_ready and self._crashes >= self._backoff.hopeless_after
        if code != WRONG_SETTINGS and self.child.restart and not hopeless:
            return None
        exit_code = WRONG_SETTINGS if code == WRONG_SETTINGS else 1
        return self._failed(f"ended with code {code}", exit_code)

    def _give_up(self, failure: ChildFailed) -> None:
        self.failure = failure
        self._tell("process.given_up", self, {"reason": str(failure).splitlines()[0]})

    async def _pause(self, code: int) -> None:
        seconds = self._backoff.delay_seconds(self._crashes, self._chance)
        self._tell("process.crashed", self, {"code": code, "restart_seconds": round(seconds, 2)})
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return

    def _failed(self, what: str, exit_code: int = 1) -> ChildFailed:
        log = self._folder.log(self.child.name)
        return ChildFailed(f"{self.child.name} {what}; the end of {log}:\n{tail(log)}", exit_code)
