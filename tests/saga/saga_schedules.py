"""Schedules: an order of everything that can happen in a world, which chance chooses."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from functools import partial

from saga_batches import go_back, next_batch, unread
from saga_mishaps import CrashError, CrashingPort, Mishaps, attend_to_parked
from saga_played import go_on

from contracts.envelope import Message
from services.runtime.arrivals import Answered
from services.runtime.delivery import deliver, settle
from services.runtime.document import Document
from services.runtime.marks import Marks
from services.runtime.outside import Outside, call
from services.runtime.sweeper import sweep
from services.runtime.world import Worker, World

Doing = Callable[[Worker], Awaitable[None]]


class Schedule:
    """Delivers batches of any size and mixed of any partitions, some of them twice and several at
    once; makes calls in any order; sends, sweeps, crashes and falls back at any moment."""

    def __init__(
        self,
        world: World,
        chance: random.Random,
        mishaps: Mishaps | None = None,
        to_send: Sequence[Message] = (),
    ) -> None:
        self.world, self.chance = world, chance
        self.left, self.to_send = Counter(asdict(mishaps or Mishaps())), list(to_send)
        self.haste = chance.choice((0.05, 0.2, 1))
        self.late: list[tuple[Outside, Document]] = []
        self.batches: Counter[str] = Counter()
        self.happened: list[str] = []
        self.set_back_seconds = 0
        self._mishaps: dict[str, Doing] = {
            "falls_back": self._fall_back,
            "sweeps": self._sweep,
            "outages": self._go_down,
            "visits": self._visit,
            "jumps": self._jump,
        }

    async def run(self) -> None:
        workers = list(self.world.workers.values())
        ports = [(worker.delivery.log, worker.delivery.store) for worker in workers]
        for worker in workers:
            worker.delivery.log = CrashingPort(worker.delivery.log, self.left, self.chance)
            worker.delivery.store = CrashingPort(worker.delivery.store, self.left, self.chance)
        while self._is_left():
            could = self._could_happen()
            together = self.chance.sample(could, min(self.chance.choice((1, 1, 2, 3)), len(could)))
            await asyncio.gather(*(self._survived(worker, what) for worker, what in together))
        for worker, (log, store) in zip(workers, ports, strict=True):
            worker.delivery.log, worker.delivery.store = log, store

    def _is_left(self) -> bool:
        workers = self.world.workers.values()
        busy = any(unread(self.world, one) or one.calls or not one.is_up for one in workers)
        used = all(self.left[name] == 0 for name in self._mishaps)
        return bool(busy or self.to_send or self.late) or not used

    def _could_happen(self) -> list[tuple[Worker, Doing]]:
        found: list[tuple[Worker, Doing]] = []
        for worker in self.world.workers.values():
            if not worker.is_up:
                found.append((worker, self._come_back))
                continue
            found += [(worker, self._read)] if unread(self.world, worker) else []
            if worker.calls and self.chance.random() < self.haste:
                found.append((worker, self._call))
        anybody = self.chance.choice(list(self.world.workers.values()))
        if self.late and self.chance.random() < self.haste:
            found.append((anybody, self._land))
        if self.to_send and self.chance.random() < self.haste:
            found.append((anybody, self._send))
        return found + [
            (anybody, partial(self._mishap, name, what))
            for name, what in self._mishaps.items()
            if self.left[name] and anybody.is_up and self.chance.random() < self.haste
        ]

    async def _survived(self, worker: Worker, what: Doing) -> None:
        try:
            await what(worker)
        except CrashError:
            self._tell(worker, "crashes")
            worker.calls.clear()
            worker.delivery.marks = Marks()

    async def _mishap(self, name: str, what: Doing, worker: Worker) -> None:
        self.left[name] -= 1
        await what(worker)

    async def _send(self, _worker: Worker) -> None:
        message = self.to_send.pop(self.chance.randrange(len(self.to_send)))
        self.happened.append(f"sent: {message.event_id}")
        await self.world.publish(message)

    async def _read(self, worker: Worker) -> None:
        batch, began = next_batch(self.world, worker, self.chance)
        self._tell(worker, "hears", *(record.topic.removeprefix("onboarding.") for record in batch))
        try:
            for _ in range(self.chance.choice((1, 1, 2))):
                await deliver(worker.delivery, batch)
                self.batches[worker.delivery.part.name] += 1
        except CrashError:
            go_back(worker, began)
            raise

    async def _call(self, worker: Worker) -> None:
        if not worker.calls or worker.outside is None:
            return None
        document = worker.calls.pop(self.chance.randrange(len(worker.calls)))
        lands_late = self.left["late_calls"] > 0 and document.state == "pending"
        self._tell(worker, "calls", document.state, *["and hears nothing"] * lands_late)
        if not lands_late:
            return await call(worker.delivery, worker.outside, document)
        self.left["late_calls"] -= 1
        self.late.append((worker.outside, document))
        answered = Answered(document.lease or "", "later")
        saga = document.context.saga_id
        return await settle(worker.delivery, {saga: [answered]}, {saga: document})

    async def _land(self, _worker: Worker) -> None:
        """A call whose answer nobody waits for any more reaches the outside system."""
        outside, document = self.late.pop(self.chance.randrange(len(self.late)))
        self.happened.append("a call lands late")
        await outside.do(document.context.saga_id, document.result or {})

    async def _sweep(self, worker: Worker) -> None:
        seconds = self.chance.choice((0, 0.3, 1, 6, 31, 36, 61))
        go_on(self.world, seconds)
        self._tell(worker, f"sweeps after {seconds} s")
        await sweep(worker.delivery, worker)

    async def _jump(self, _worker: Worker) -> None:
        """The one clock, the database's, is set: back, or on."""
        seconds = self.chance.choice((-86_400, -40, -1, 40, 86_400))
        go_on(self.world, seconds)
        self.set_back_seconds -= min(0, seconds)
        self.happened.append(f"the clock jumps by {seconds} s")

    async def _fall_back(self, worker: Worker) -> None:
        """It ends, and reads from an earlier place again, with an empty memory."""
        for place, position in worker.positions.items():
            worker.positions[place] = self.chance.randint(0, position)
        raise CrashError

    async def _go_down(self, worker: Worker) -> None:
        worker.is_up = False
        self._tell(worker, "is down")

    async def _come_back(self, worker: Worker) -> None:
        worker.is_up = True
        self._tell(worker, "is back")

    async def _visit(self, worker: Worker) -> None:
        parked = await attend_to_parked(self.world, worker, self.chance)
        self._tell(worker, f"has {parked} parked, and a person comes")

    def _tell(self, worker: Worker, *what: str) -> None:
        self.happened.append(" ".join((worker.delivery.part.name, *what)))
