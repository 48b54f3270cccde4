"""The phases of a rebuild, each shared out to processes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any
from uuid import uuid4

from saga_state.rebuild_store import GoneError, RebuildStore
from services.cli.errors import NO, PARTLY, CliError
from services.cli.printing import masked
from services.cli.progress import Bar
from services.cli.reaching import mongo_is_away
from services.cli.replay.rebuild_desk import Job
from services.cli.replay.rebuild_work import begin, work
from services.cli.running_stack import Found, other_stack
from services.runtime.kafka import transient as kafka_is_away

LOOK_SECONDS, HOLD_SECONDS, WAIT_SECONDS = 0.5, 15.0, 20.0


@dataclass(slots=True)
class Crew:
    """The processes of a rebuild, and this one, which holds it while they work."""

    pool: ProcessPoolExecutor
    workers: int
    taken: Any
    done: Any
    store: RebuildStore
    owner: str
    bar: Bar

    async def do(self, what: str, job: Job, done: int, total: int) -> list[Any]:
        """What came of each task. Raises what a process raised."""
        self.taken.value, self.done.value = 0, done
        self.bar.begin(what, done, total)
        loop, results = asyncio.get_running_loop(), list[Any]()
        waiting = {loop.run_in_executor(self.pool, work, job) for _ in range(self.workers)}
        while waiting:
            ended, waiting = await asyncio.wait(
                waiting, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            results += [one for some in ended for one in some.result()]
            self.bar.tell(self.done.value)
            if not await self.store.hold(self.owner, HOLD_SECONDS):
                raise CliError("another process has taken this rebuild over", PARTLY)
        return results


@asynccontextmanager
async def crew_of(workers: int, store: RebuildStore) -> AsyncIterator[Crew]:
    """CliError (1) if somebody else rebuilds. The processes end with the block."""
    owner = str(uuid4())
    await _hold(store, owner)
    holding = asyncio.create_task(_hold_on(store, owner))
    context = get_context("spawn")  # a fork would take our connections with it
    taken, done, stop = context.Value("q", 0), context.Value("q", 0), context.Event()
    pool = ProcessPoolExecutor(workers, context, begin, (taken, done, stop))
    try:
        with Bar() as bar:
            yield Crew(pool, workers, taken, done, store, owner, bar)
    finally:
        stop.set()
        await asyncio.to_thread(pool.shutdown, cancel_futures=True)
        holding.cancel()
        await store.give_back(owner)


@asynccontextmanager
async def one_line(found: Found) -> AsyncIterator[None]:
    """Whatever stops a rebuild is one line, and the same command goes on (3)."""
    again = "`onboarding replay rebuild` goes on where it stopped"
    try:
        yield
    except BrokenProcessPool:
        line = "a process of the rebuild was ended from outside (is memory short?)"
        raise CliError(f"{line}: {again}", PARTLY) from None
    except GoneError as error:
        line = f"{error} is gone: somebody dropped it, or swapped it"
        raise CliError(f"{line}; `onboarding replay rebuild --drop`, then anew", NO) from None
    except Exception as error:
        if mongo_is_away(error):
            server, other = f"MongoDB at {masked(found.mongo)}", other_stack("mongo")
        elif kafka_is_away(error):
            server, other = f"Kafka at {found.settings.kafka}", other_stack("kafka")
        else:
            raise
        line = f"{server} does not answer ({type(error).__name__}): `onboarding doctor`"
        raise CliError(f"{line}{other}; then {again}", PARTLY) from None


async def _hold_on(store: RebuildStore, owner: str) -> None:
    """While something takes long that looks at nothing, too. What is lost is told by `do`, and by
    the stages, which go one way."""
    while True:
        await asyncio.sleep(HOLD_SECONDS / 3)
        try:
            await store.hold(owner, HOLD_SECONDS)
        except Exception as error:
            if not mongo_is_away(error):
                raise


async def _hold(store: RebuildStore, owner: str) -> None:
    """Of who was killed it is free in HOLD_SECONDS."""
    clock = asyncio.get_running_loop().time
    until = clock() + WAIT_SECONDS
    while not await store.hold(owner, HOLD_SECONDS):
        if clock() > until:
            raise CliError("another process rebuilds the projection now: wait for it", NO)
        await asyncio.sleep(LOOK_SECONDS)


def left_of(numbers: Sequence[bool]) -> list[int]:
    """The numbers of what is not done."""
    return [number for number, done in enumerate(numbers) if not done]
