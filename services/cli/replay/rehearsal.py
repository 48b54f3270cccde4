"""One saga once more, with today's handlers and rules, in memory; everything else as recorded.

What came from outside (the start, what persons asked) comes again. Each step decides at the time
at which it did, and in that order; an outside system gives the answer that it gave; a time that was
over is over again. What a step had not done when the records end, or was too dead to do, it does
not do now either, and an undo that was parked and not done stays so, until something comes out
differently: from there on all goes its own way.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from contracts.envelope import Event, Record
from services.cli.replay.hearing import (
    UNDOING,
    event_in,
    message_of,
    name_of,
    row_for,
    unread,
    would_speak,
)
from services.cli.replay.recorded import Recorded, TimeUp, is_of_operators, recorded
from services.cli.replay.recorded_answers import RecordedOutside, hold_again, store_of
from services.runtime.arrivals import Due
from services.runtime.delivery import deliver, settle
from services.runtime.document import Document
from services.runtime.outside import call
from services.runtime.step import StepService
from services.runtime.world import Worker, World

Rules = Mapping[str, Any]
"""By step."""
TIME, DO, UNDO, REST = range(4)


@dataclass(frozen=True, slots=True)
class Played:
    """What came out: the events in the order of their times, and the step documents.

    `assumed`: the steps whose outside system was asked now and not then; a yes was taken.
    """

    events: Sequence[Event]
    documents: Mapping[str, Document]
    assumed: Sequence[str]


async def rehearse(
    saga: Recorded, steps: Sequence[StepService], rules: Rules, until: str | None = None
) -> Played:
    """Play it to its end, or until an event of that name or id was said. It must have a start."""
    player = _Player(saga, steps, rules, until)
    await player.play()
    return player.result()


@dataclass(slots=True)
class _Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True)
class _Turn:
    """Something that may come next, and when; at the same time the lower rank comes first."""

    at: datetime
    rank: int
    do: Callable[[], Any]


def _rank(row: str | None) -> int:
    """What is nothing to the step comes last: where it knows nothing of the saga it may be an undo,
    of a person who names no journey."""
    if row is None:
        return REST
    return UNDO if row in UNDOING else DO


class _Player:
    def __init__(
        self,
        saga: Recorded,
        steps: Sequence[StepService],
        rules: Rules,
        until: str | None,
    ) -> None:
        self._recorded, self._until = saga, until
        self._clock, self._assumed = _Clock(saga.events[0].time), set[str]()
        outside = {
            step.name: RecordedOutside(saga, step, self._assumed, lambda: self._as_recorded)
            for step in steps
            if step.outside_no is not None
        }
        self._world = World(steps, self._clock, outside=outside)
        for name, worker in self._world.workers.items():
            part = worker.delivery.part
            worker.delivery.part = replace(part, rules=rules[name])
        self._times_up = list(saga.times_up)
        self._read: dict[tuple[str, int, int], Event | None] = {}
        self._as_recorded, self._stopped = True, False

    async def play(self) -> None:
        for event in self._recorded.from_outside:
            self._clock.now = event.time
            await self._world.publish(message_of(event))
        self._look()
        while not self._stopped and (turn := self._next()) is not None:
            self._clock.now = turn.at
            await turn.do()
            await self._calls()
            self._look()

    def result(self) -> Played:
        saga_id = self._recorded.saga_id
        events = [event for record in self._records() if (event := self._event(record))]
        if self._as_recorded:
            events += self._recorded.undos_parked
        stores = {name: store_of(worker) for name, worker in self._world.workers.items()}
        return Played(
            recorded(saga_id, events).events,
            {n: s.documents[saga_id] for n, s in stores.items() if saga_id in s.documents},
            sorted(self._assumed),
        )

    def _next(self) -> _Turn | None:
        turns = [*self._deliveries(), *self._dues()]
        return min(turns, key=lambda turn: (turn.at, turn.rank), default=None)

    def _deliveries(self) -> Sequence[_Turn]:
        """The next record of each partition of each worker, if it may come now."""
        found = []
        for worker in self._world.workers.values():
            for record in unread(self._world, worker):
                event = self._event(record)
                at = self._clock.now if event is None else self._due(worker, event)
                rank = _rank(row_for(worker, event) if event else None)
                if at is not None:
                    found.append(_Turn(at, rank, partial(self._deliver, worker, record, event)))
        return found

    async def _deliver(self, worker: Worker, record: Record, event: Event | None) -> None:
        batch = [record]
        if event is not None:
            hold_again(worker, event, self._recorded, self._clock.now)
            batch = [*self._unheard(worker, event), record]
        for one in batch:
            worker.positions[one.topic, one.partition] = one.offset + 1
        await deliver(worker.delivery, batch)

    def _unheard(self, worker: Worker, event: Event) -> Sequence[Record]:
        """With an undo comes what it undid, if nobody had heard of that."""
        if row_for(worker, event) not in UNDOING or not self._recorded.undid_unheard(
            name_of(worker)
        ):
            return ()
        events = ((one, self._event(one)) for one in unread(self._world, worker))
        return [one for one, told in events if told and row_for(worker, told) == "do"]

    def _due(self, worker: Worker, event: Event) -> datetime | None:
        """When the worker answered it; None: it did not, and does not yet."""
        name, saga, row = name_of(worker), self._recorded, row_for(worker, event)
        if row == "next":
            return max(event.time, saga.gave_up_at(name) or event.time)
        if row == "do":
            heard = saga.ran_out_of_time_at(name) is not None
            answered_at = saga.decided_at(name) or (event.time if heard else None)
        elif row in UNDOING and (undone_at := saga.undone_at(name)):
            answered_at = undone_at
        elif row in UNDOING and would_speak(worker, event, row):
            answered_at = None
        else:  # a step that is blocked refuses what comes later: if it spoke, that came first
            undid_at = saga.undone_at(name) if saga.undid_unheard(name) else None
            spoke_at = saga.decided_at(name) or saga.ran_out_of_time_at(name) or undid_at
            return max(event.time, spoke_at or event.time)
        return answered_at if answered_at or self._as_recorded else event.time

    def _dues(self) -> Sequence[_Turn]:
        return [_Turn(one.at, TIME, partial(self._time_is_up, one)) for one in self._times_up]

    async def _time_is_up(self, one: TimeUp) -> None:
        self._times_up.remove(one)
        worker, saga_id = self._world.workers[one.step], self._recorded.saga_id
        document = store_of(worker).documents.get(saga_id)
        if document is not None:
            await settle(worker.delivery, {saga_id: [Due(one.what)]}, {saga_id: document})

    async def _calls(self) -> None:
        for worker in self._world.workers.values():
            while worker.calls and worker.outside:
                await call(worker.delivery, worker.outside, worker.calls.pop(0))
                if self._recorded.met_bugs_outside(name_of(worker)):
                    await self._try_again(worker)

    async def _try_again(self, worker: Worker) -> None:
        """Until it is parked, as it was."""
        saga_id = self._recorded.saga_id
        document = store_of(worker).documents[saga_id]
        if document.state == "pending" and document.try_at is not None:
            self._clock.now = document.try_at
            await settle(worker.delivery, {saga_id: [Due("try")]}, {saga_id: document})

    def _look(self) -> None:
        """Whether something came out that is not recorded, and whether this is where to stop."""
        for record in self._records():
            event = self._event(record)
            if event is not None and not is_of_operators(event):
                self._as_recorded &= self._recorded.is_said(event)
                self._stopped |= self._until in (event.name, event.event_id)

    def _records(self) -> Sequence[Record]:
        return [
            one for topic in [*self._world.log.topics] for one in self._world.log.records(topic)
        ]

    def _event(self, record: Record) -> Event | None:
        place = record.topic, record.partition, record.offset
        if place not in self._read:
            self._read[place] = event_in(self._world, record)
        return self._read[place]
