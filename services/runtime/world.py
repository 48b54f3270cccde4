"""A whole system in one process: real handlers and delivery, log and stores in memory.

It plays journeys in any order of deliveries; tests, proofs and replays are built on it.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contracts.envelope import Event, Message, Record
from contracts.events import EVENTS, Events
from contracts.journey import JOURNEYS, Journeys, rows_of
from contracts.reading import Reader
from contracts.topics import event_topic
from services.runtime.delivery import Delivery, deliver
from services.runtime.memory import MemoryLog, MemoryStore
from services.runtime.protocol import Part
from services.runtime.step import StepService


@dataclass(slots=True)
class Worker:
    """A service in the world: its delivery, what it hears, how far it has read."""

    delivery: Delivery
    topics: Sequence[str]
    positions: dict[tuple[str, int], int] = field(default_factory=dict)
    cells: list[tuple[str, Event | Record]] = field(default_factory=list)


class World:
    """All services of the journeys given, on one log.

    `chance` chooses whose turn it is and how large a batch is; without it the services take
    turns in order and read all there is.
    """

    def __init__(
        self,
        steps: Iterable[StepService],
        now: Callable[[], datetime],
        journeys: Journeys = JOURNEYS,
        events: Events = EVENTS,
        chance: random.Random | None = None,
    ) -> None:
        self._chance = chance
        self.log = MemoryLog(now)
        self.reader = Reader(journeys=journeys, events=events)
        self.workers = {step.name: self._worker(step, now, journeys) for step in steps}

    def _worker(self, step: StepService, now: Callable[[], datetime], journeys: Journeys) -> Worker:
        part = Part(step, step.rules(), now, lambda row: row.timeout_seconds, journeys=journeys)
        cells: list[tuple[str, Event | Record]] = []
        delivery = Delivery(
            part,
            self.reader,
            self.log,
            MemoryStore(now),
            lambda cell, item: cells.append((cell, item)),
        )
        rows = rows_of(step.name, journeys.values())
        topics = list(dict.fromkeys(event_topic(row.hears) for _, row in rows))
        return Worker(delivery, topics, cells=cells)

    async def publish(self, *messages: Message) -> None:
        """What a producer sends."""
        await self.log.publish(messages)

    async def run(self) -> int:
        """Deliver until nothing is left to deliver; returns the number of batches."""
        batches = 0
        while turns := [turn for worker in self.workers.values() for turn in self._turns(worker)]:
            worker, topic, partition = self._chance.choice(turns) if self._chance else turns[0]
            await self._deliver(worker, topic, partition)
            batches += 1
        return batches

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
