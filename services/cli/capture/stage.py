"""A world in memory under our hand: who hears what, what is answered outside, how time passes."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from contracts.envelope import Context, Event, Message
from contracts.events import event_names
from contracts.journey import JOURNEYS, Journey
from contracts.operator import read_operator_event
from contracts.poison import PoisonError
from contracts.topics import dead_letter_topic, event_topic
from saga_state.document import Saga
from saga_state.state import fold
from services.cli.capture.captured import PERSON, REQUESTED, UNDONE, Captured, Key, detail_of
from services.runtime.delivery import deliver
from services.runtime.document import Document
from services.runtime.memory import MemoryStore
from services.runtime.outside import Later, Reply, call
from services.runtime.part import Part
from services.runtime.step import StepService
from services.runtime.sweeper import sweep
from services.runtime.world import Worker, World

MOST_ROUNDS = 200
UNDOING = tuple(event_topic(name) for name in (REQUESTED, UNDONE))
_TICK = timedelta(milliseconds=1)


@dataclass(slots=True)
class Clock:
    """Another millisecond each time it is looked at, so that what comes later reads so."""

    time: datetime

    def __call__(self) -> datetime:
        self.time += _TICK
        return self.time

    def to(self, time: datetime) -> None:
        """Never back."""
        self.time = max(self.time, time)


@dataclass(slots=True)
class Answering:
    """An outside system that answers what it is told to."""

    do_answer: Reply = "yes"
    undo_answer: Reply = "yes"

    async def do(self, _saga_id: str, _body: Mapping[str, Any], /) -> Reply:
        return self.do_answer

    async def undo(self, _saga_id: str, /) -> Reply:
        return self.undo_answer


@dataclass(slots=True)
class Stage:
    """The world of one saga; `context` names it."""

    world: World
    clock: Clock
    journey: Journey
    context: Context
    outside: Mapping[str, Answering] = field(default_factory=dict)

    def worker(self, step: str) -> Worker:
        return self.world.workers[step]

    def document(self, step: str) -> Document | None:
        """What the step has of the saga."""
        store = self.worker(step).delivery.store
        assert isinstance(store, MemoryStore)
        return store.documents.get(self.context.saga_id)

    async def hear(self, step: str, topics: Iterable[str]) -> None:
        """The step hears all that is new on these topics, in one batch, and makes its calls."""
        worker, batch = self.worker(step), []
        for topic in topics:
            for partition, records in enumerate(self.world.log.topics[topic]):
                heard = worker.positions.get((topic, partition), 0)
                worker.positions[topic, partition] = len(records)
                batch += records[heard:]
        if batch:
            await deliver(worker.delivery, batch)
        await self.make_calls(worker)

    async def at(self, step: str, time: datetime) -> None:
        """It is that time, and the step does what is due."""
        self.clock.to(time)
        await sweep(self.worker(step).delivery, self.worker(step))
        await self.make_calls(self.worker(step))

    async def make_calls(self, worker: Worker) -> None:
        while worker.calls and worker.outside:
            await call(worker.delivery, worker.outside, worker.calls.pop(0))

    async def go_on(self, down: Collection[str]) -> None:
        """All but these hear the rest. No time passes. Undos are heard first: who was asked to do
        before would have said so."""
        up = [name for name in self.world.workers if name not in down]
        for name in up * len(up):
            await self.hear(name, UNDOING)
        for name, worker in self.world.workers.items():
            worker.is_up = name in up
        await self.world.run()

    async def rest(self, down: Collection[str]) -> None:
        """All but these work, and time passes, until nothing is left to do."""
        await self.go_on(down)
        for _ in range(MOST_ROUNDS):
            due = [at for name in self.world.workers if name not in down for at in self._due(name)]
            if not due:
                return
            self.clock.to(min(due))
            await self.world.sweep()
            await self.world.run()

    def said(self) -> Counter[Key]:
        """What was said of the saga, each thing once for each event."""
        return Counter(
            (self._sayer(event), event.name, *detail_of(event.name, event.body))
            for event in self.events()
        )

    def saga(self) -> Saga:
        """What the projection tells of it."""
        return fold(None, self.events(), lambda _: None, self.world.reader.journeys)

    def events(self) -> list[Event]:
        """What was said of the saga, each event once."""
        own = (one for one in self._all_events() if one.context.saga_id == self.context.saga_id)
        return list({(one.source, one.event_id): one for one in own}.values())

    def _due(self, step: str) -> list[datetime]:
        document = self.document(step)
        at = document.due_at(self.clock.time) if document else None
        return [] if at is None else [at]

    def _sayer(self, event: Event) -> str:
        name = event.source.removeprefix("/services/")
        return name if name in self.world.workers else PERSON

    def _all_events(self) -> Iterator[Event]:
        reader, log = self.world.reader, self.world.log
        for record in (one for name in event_names() for one in log.records(event_topic(name))):
            try:
                yield reader.read(record)
            except PoisonError:
                continue
        letters = (
            one for step in self.world.workers for one in log.records(dead_letter_topic(step))
        )
        told = (read_operator_event(record, reader) for record in letters)
        yield from (event for event in told if event is not None)


async def staged(
    captured: Captured, steps: Sequence[StepService], start: Message, before: Sequence[Message]
) -> Stage:
    """A world in which the start was just sent, and nobody has heard it; `before` it others were,
    and are done."""
    clock = Clock(datetime.fromisoformat(captured.started_at))
    outside = {name: Answering() for name in captured.outer}
    world = World(steps, clock, outside=outside)
    for step in steps:
        delivery = world.workers[step.name].delivery
        delivery.part = _as_recorded(delivery.part, captured)
    await world.publish(*before)
    await world.run()
    (place,) = await world.log.publish([start])
    record = world.log.topics[place.topic][place.partition][place.offset]
    context = world.reader.read(record).context
    return Stage(world, clock, JOURNEYS[captured.journey], context, outside)


def _as_recorded(part: Part, captured: Captured) -> Part:
    """With the rules and the times that the step had."""
    rules = part.service.rules.model_validate(captured.rules.get(part.name, {}))
    seconds = captured.seconds
    return replace(
        part, rules=rules, seconds_for=lambda row: seconds.get(row.name, row.timeout_seconds)
    )


LATER = Later("recorded")
