"""A whole system in one process: real handlers and delivery, log and stores in memory.

It plays journeys in any order of deliveries; tests, proofs and replays are built on it.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contracts.envelope import Event, Message, Record
from contracts.events import EVENTS, Events
from contracts.journey import JOURNEYS, Journeys
from contracts.reading import Reader
from services.runtime.arrivals import Arrival
from services.runtime.delivery import Delivery, deliver
from services.runtime.document import Document
from services.runtime.hearing import topics_of
from services.runtime.memory import MemoryLog, MemoryStore
from services.runtime.outside import Outside, call
from services.runtime.part import Limits, Part
from services.runtime.step import StepService
from services.runtime.sweeper import sweep


@dataclass(slots=True)
class Worker:
    """A service in the world: its delivery, what it hears, how far it has read, whom it calls."""

    delivery: Delivery
    topics: Sequence[str]
    outside: Outside | None = None
    positions: dict[tuple[str, int], int] = field(default_factory=dict)
    cells: list[tuple[str, Event | Arrival]] = field(default_factory=list)
    dead_letters: list[tuple[str, Record]] = field(default_factory=list)
    calls: list[Document] = field(default_factory=list)
    is_up: bool = True

    def cell(self, cell: str, arrival: Event | Arrival, _after: Document | None = None) -> None:
        """What it did (the port `Counts`)."""
        self.cells.append((cell, arrival))

    def dead_letter(self, error_class: str, record: Record) -> None:
        """What it could not read."""
        self.dead_letters.append((error_class, record))

    def is_silent(self, _document: Document, _now: datetime, /) -> bool:
        """The port `Watch`: here a step that is silent for so long is dead."""
        return True


class World:
    """All services of the journeys given, on one log.

    `outside` has the outside system of a step, by its name. `chance` chooses whose turn it is and
    how large a batch is; without it the services take turns in order and read all there is.
    """

    def __init__(
        self,
        steps: Iterable[StepService],
        now: Callable[[], datetime],
        journeys: Journeys = JOURNEYS,
        events: Events = EVENTS,
        outside: Mapping[str, Outside] | None = None,
        chance: random.Random | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._chance = chance
        self._journeys, self._limits, self._now = journeys, limits or Limits(), now
        self.log = MemoryLog(now)
        self.reader = Reader(journeys=journeys, events=events)
        self.workers = {
            step.name: self._worker(step, (outside or {}).get(step.name)) for step in steps
        }

    def _worker(self, step: StepService, outside: Outside | None) -> Worker:
        part = Part(
            step,
            step.rules(),
            self._now,
            lambda row: row.timeout_seconds,
            journeys=self._journeys,
            outside=outside is not None,
            limits=self._limits,
        )
        calls: list[Document] = []
        store = MemoryStore(self._now)
        delivery = Delivery(part, self.reader, self.log, store, _SILENT, calls.append)
        worker = Worker(delivery, topics_of(step.name, self._journeys), outside, calls=calls)
        delivery.counts = worker
        return worker

    async def publish(self, *messages: Message) -> None:
        """What a producer sends."""
        await self.log.publish(messages)

    async def run(self) -> int:
        """Deliver and call until nothing is left to do; returns the number of batches."""
        batches = 0
        while True:
            turns = [turn for worker in self._living() for turn in self._turns(worker)]
            if turns:
                worker, topic, partition = self._chance.choice(turns) if self._chance else turns[0]
                await self._deliver(worker, topic, partition)
                batches += 1
            elif not await self._call():
                return batches

    async def sweep(self) -> int:
        """One sweep of every service; returns how many documents were due."""
        return sum([await sweep(worker.delivery, worker) for worker in self._living()])

    def _living(self) -> list[Worker]:
        return [worker for worker in self.workers.values() if worker.is_up]

    async def _call(self) -> bool:
        for worker in self._living():
            if worker.calls and worker.outside:
                await call(worker.delivery, worker.outside, worker.calls.pop(0))
                return True
        return False

    def _turns(self, worker: Worker) -> list[tuple[Worker, str, int]]:
        return [
            (worker, topic, partition)
            for topic in worker.topics
            for partition in range(self.log.partitions)
            if len(self.log.topics[topic][partition]) > worker.positions.get((topic, partition), 0)
        ]

    async def _deliver(self, worker: Worker, topic: str, partition: int) -> None:
        start = worker.positions.get((topic, partition), 0)
        records = self.log.topics[topic][partition][start:]
        if self._chance:
            records = records[: self._chance.randint(1, len(records))]
        await deliver(worker.delivery, records)
        worker.positions[topic, partition] = start + len(records)


class _Silent:
    """Counts nothing."""

    def cell(self, cell: str, arrival: Event | Arrival, after: Document | None = None) -> None: ...

    def dead_letter(self, error_class: str, record: Record) -> None: ...


_SILENT = _Silent()
