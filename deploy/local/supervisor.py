"""Starts children in order, keeps them, stops them in reverse, and says in run.json who runs."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NoReturn, TypeVar

from deploy.local.backoff import Backoff
from deploy.local.child import Child
from deploy.local.errors import StackDied
from deploy.local.folder import StateFolder
from deploy.local.keeper import Keeper
from deploy.local.prometheus import targets_of

OnEvent = Callable[[str, Mapping[str, object]], None]
Result = TypeVar("Result")


@asynccontextmanager
async def supervising(
    folder: StateFolder, on_event: OnEvent, backoff: Backoff | None = None
) -> AsyncIterator["Supervisor"]:
    """A supervisor with the folder to itself; all its children are gone when the block ends."""
    with folder.held():
        supervisor = Supervisor(folder, on_event, backoff or Backoff())
        try:
            yield supervisor
        finally:
            await supervisor.stop_all()


class Supervisor:
    """Made by `supervising`. Events are `process.<what>` with name and fields, for a log."""

    def __init__(self, folder: StateFolder, on_event: OnEvent, backoff: Backoff) -> None:
        self.folder = folder
        self._on_event, self._backoff, self._chance = on_event, backoff, random.SystemRandom()
        self._keepers: dict[str, Keeper] = {}
        self._addresses: dict[str, str | None] = {"kafka": None, "mongo": None, "platform": None}
        self._death: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._collapse: asyncio.Task[None] | None = None

    async def launch(self, children: Iterable[Child]) -> None:
        """Start them, each when those it is `after` are ready, and wait until all are ready."""
        started = [self._take(child) for child in children]
        await self.during(self._bring_up(started))

    def publish(self, **addresses: str | None) -> None:
        """Put the addresses of the servers into run.json; StackDied if it cannot be written."""
        self._addresses.update(addresses)
        self._write_run_file()

    def pid(self, name: str) -> int | None:
        """None while it does not run."""
        return self._keepers[name].pid

    def names(self) -> tuple[str, ...]:
        """In the order in which they were launched."""
        return tuple(self._keepers)

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal as the world outside would: what it kills is started again."""
        self._keepers[name].kill(how)

    async def wait_ready(self, name: str, timeout_seconds: float | None = None) -> None:
        """ChildFailed, with the end of its log, if it is not ready in time or was given up.

        Without a timeout, in its own `ready_seconds`.
        """
        await self._keepers[name].wait_ready(timeout_seconds)

    async def stop(self, name: str) -> None:
        """SIGTERM, SIGKILL after its grace, and no restart until `start`."""
        await self._keepers[name].stop()

    async def start(self, name: str) -> None:
        """Start one that was stopped or given up, and wait until it is ready."""
        self._start(self._keepers[name])
        await self.wait_ready(name)

    async def wait(self) -> NoReturn:
        """Raise what ended the stack, when something has: StackDied, or what our own code met."""
        raise await asyncio.shield(self._death)

    async def during(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What `work` returns; if the stack dies first it is cancelled and that raised."""
        task = asyncio.create_task(work)
        try:
            either: set[asyncio.Future[Any]] = {task, self._death}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            return await (self.wait() if self._death.done() else task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)  # the death of the stack goes above

    async def stop_all(self) -> None:
        """End everything, each child before those it came after."""
        await asyncio.gather(*(self._stop_last(name) for name in self._keepers))

    def _take(self, child: Child) -> Keeper:
        if child.name in self._keepers:
            raise ValueError(f"two processes are named {child.name}")
        self.folder.fresh_log(child.name)
        keeper = Keeper(child, self.folder, self._hear, self._backoff, self._chance)
        self._keepers[child.name] = keeper
        return keeper

    async def _bring_up(self, keepers: Iterable[Keeper]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for keeper in keepers:
                    group.create_task(self._bring_up_one(keeper))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _bring_up_one(self, keeper: Keeper) -> None:
        for name in keeper.child.after:
            await self.wait_ready(name)
        self._start(keeper)
        await keeper.wait_ready()

    def _start(self, keeper: Keeper) -> None:
        keeper.start().add_done_callback(self._kept)

    def _kept(self, task: asyncio.Task[None]) -> None:
        """A keeper that failed itself ends the stack: its child would be missing silently."""
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._die(failure)

    async def _stop_last(self, name: str) -> None:
        later = [keeper for keeper in self._keepers.values() if name in keeper.child.after]
        await asyncio.gather(*(self._stop_last(keeper.child.name) for keeper in later))
        await self._keepers[name].stop()

    def _hear(self, event: str, keeper: Keeper, fields: dict[str, object]) -> None:
        if not self._death.done():
            self._write_run_file()
        self._on_event(event, {"name": keeper.child.name, **fields})
        if event == "process.given_up" and self._is_fatal(keeper):
            self._die(StackDied(f"everything was stopped: {keeper.failure}"))

    def _is_fatal(self, keeper: Keeper) -> bool:
        return keeper.ever_ready and not keeper.child.restart

    def _die(self, why: BaseException) -> None:
        """The first reason counts: stopping may well meet the same error again."""
        if not self._death.done():
            self._death.set_result(why)
            self._collapse = asyncio.create_task(self.stop_all())

    def _write_run_file(self) -> None:
        url = self.folder.health_url
        running = [(name, keeper.pid) for name, keeper in self._keepers.items() if keeper.pid]
        processes = [{"name": name, "pid": pid, "health_url": url(name)} for name, pid in running]
        addresses = {**self._addresses, "gateway": self.folder.gateway_url()}
        try:
            self.folder.write_run_file({**addresses, "processes": processes})
            self.folder.write_targets(targets_of({name: url(name) for name, _ in running}))
        except OSError as error:
            what = f"{self.folder.run_file} cannot be written: {error.strerror}"
            raise StackDied(f"everything was stopped: {what}") from None
