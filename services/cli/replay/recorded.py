"""What was recorded of one saga, as a rehearsal asks for it: who decided what, and when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal

from contracts.envelope import Event, source_of
from contracts.events import (
    CompensationCompleted,
    CompensationRequested,
    PartnerOnboardingCompleted,
    PartnerOnboardingFailed,
    PartnerOnboardingInitiated,
)
from contracts.journey import JOURNEYS, Journey
from contracts.operator import OPERATOR_EVENTS, StepParked
from services.runtime.part import TRIES_OF_A_BUG
from services.runtime.saying import TIMEOUT

START, END = PartnerOnboardingInitiated.__name__, PartnerOnboardingCompleted.__name__


@dataclass(frozen=True, slots=True)
class TimeUp:
    """A time that was over: a step's own (`deadline`), or that of a watch on the step after it."""

    at: datetime
    step: str
    what: Literal["deadline", "watch"]


@dataclass(frozen=True)
class Recorded:
    """The events of a saga, by their times; each identity once."""

    saga_id: str
    events: Sequence[Event]

    @property
    def start(self) -> Event | None:
        """What asked for it; None: it is not among the events."""
        return next((event for event in self.events if event.name == START), None)

    @cached_property
    def journey(self) -> Journey | None:
        """The journey it was on."""
        context = self.events[0].context
        return JOURNEYS.get((context.journey, context.journey_version))

    @cached_property
    def ids(self) -> frozenset[str]:
        return frozenset(event.event_id for event in self.events)

    @cached_property
    def from_outside(self) -> Sequence[Event]:
        """What no step said: the start, and what persons asked."""
        steps = {source_of(name) for name, _ in _steps_of(self.journey)}
        asked = (
            event
            for event in self.events
            if event.name == CompensationRequested.__name__ and event.source not in steps
        )
        return [*([self.start] if self.start else []), *asked]

    @cached_property
    def times_up(self) -> Sequence[TimeUp]:
        """When a step said, of itself or of the next one, that its time was over."""
        found: dict[tuple[str, str], TimeUp] = {}
        for event in self.events:
            data = event.data
            if not isinstance(data, PartnerOnboardingFailed | CompensationRequested):
                continue
            step = event.source.removeprefix(source_of(""))
            if data.code == TIMEOUT and data.failed_step and source_of(step) == event.source:
                what = "deadline" if step == data.failed_step else "watch"
                found.setdefault((step, what), TimeUp(event.time, step, what))  # type: ignore[arg-type]
        return list(found.values())

    def gave_up_at(self, step: str) -> datetime | None:
        """When its watch spoke: until then it had not heard of the next step."""
        spoke = (one.at for one in self.times_up if (one.step, one.what) == (step, "watch"))
        return next(spoke, None)

    def decided_at(self, step: str) -> datetime | None:
        """When the step answered, or met a bug; None: nothing is recorded of it."""
        mine = (event for event in self.events if event.source == source_of(step))
        return min((one.time for one in mine if self._is_answer(one, step)), default=None)

    def ran_out_of_time_at(self, step: str) -> datetime | None:
        """When it said so of itself; until then it had heard of no undo."""
        own = (one.at for one in self.times_up if (one.step, one.what) == (step, "deadline"))
        return next(own, None)

    def met_bugs_outside(self, step: str) -> bool:
        """Whether its outside system answered as none should until it was parked, and that was
        all. Its own bug parks a step at the first try."""
        if self.refusal_of(step) is not None or self._said_yes(step):
            return False
        parked = (one.body for one in self.events if isinstance(one.data, StepParked))
        mine = (body for body in parked if (body["step"], body["state"]) == (step, "parked"))
        return any(body["attempts"] >= TRIES_OF_A_BUG for body in mine)

    def undid_unheard(self, step: str) -> bool:
        """Whether it undid what it never spoke of: the undo came in the same batch, or while it
        called its outside system."""
        done = (one.body for one in self.events if isinstance(one.data, CompensationCompleted))
        outcomes = [body["outcome"] for body in done if body["step"] == step]
        undid = outcomes not in ([], ["nothing_to_undo"])
        return undid and not (self.decided_at(step) or self.ran_out_of_time_at(step))

    @cached_property
    def undos_parked(self) -> Sequence[Event]:
        """The parkings of undos that were not done: nothing tells when they began."""
        parked = (one for one in self.events if isinstance(one.data, StepParked))
        return [
            one
            for one in parked
            if one.body["state"] == "undo_parked" and self.undone_at(one.body["step"]) is None
        ]

    def undone_at(self, step: str) -> datetime | None:
        """When the step said that it had undone; None: it did not say so."""
        said = (event for event in self.events if isinstance(event.data, CompensationCompleted))
        return min((one.time for one in said if one.body["step"] == step), default=None)

    def refusal_of(self, step: str) -> tuple[str, str] | None:
        """Code and reason of the "no" that the step said itself; None: it said none."""
        for event in self.events:
            data = event.data
            own = event.source == source_of(step)
            if own and isinstance(data, PartnerOnboardingFailed) and data.failed_step == step:
                return data.code, data.reason
        return None

    def is_said(self, event: Event) -> bool:
        """Whether it is recorded, or its step's last word of all is: it may have died between the
        two, and been undone before it said both."""
        ends = (one.source for one in self.events if one.name == END)
        return event.event_id in self.ids or (
            event.name in dict(_steps_of(self.journey)).values() and event.source in ends
        )

    def _is_answer(self, event: Event, step: str) -> bool:
        data = event.data
        if isinstance(data, PartnerOnboardingFailed):
            return data.failed_step == step and data.code != TIMEOUT
        if isinstance(data, StepParked):
            return data.state == "parked"
        return self._is_yes(event, step)

    def _said_yes(self, step: str) -> bool:
        own = (event for event in self.events if event.source == source_of(step))
        return any(self._is_yes(event, step) for event in own)

    def _is_yes(self, event: Event, step: str) -> bool:
        return event.name in (dict(_steps_of(self.journey)).get(step), END)


def recorded(saga_id: str, events: Iterable[Event]) -> Recorded:
    """Of the events of a saga, in any order and with duplicates. Of those of one identity the one
    counts that steps read first: by offset in a partition, by the records' times between them."""
    first: dict[tuple[str, str, str, int], Event] = {}
    for event in sorted(events, key=_by_place):
        topic, partition, _ = _by_place(event)
        first.setdefault((event.source, event.event_id, topic, partition), event)
    known: dict[tuple[str, str], Event] = {}
    for event in sorted(first.values(), key=lambda one: one.record.timestamp_ms):
        known.setdefault((event.source, event.event_id), event)
    return Recorded(saga_id, sorted(known.values(), key=_by_time))


def is_of_operators(event: Event) -> bool:
    """Whether it stands on a dead letter topic: a parking, or the wish of a person."""
    return (event.name, event.version) in OPERATOR_EVENTS


def _steps_of(journey: Journey | None) -> Sequence[tuple[str, str]]:
    """Each step with what it says."""
    return [(step.name, step.says) for step in journey.steps] if journey else []


def _by_place(event: Event) -> tuple[str, int, int]:
    record = event.record
    return record.topic, record.partition, record.offset


def _by_time(event: Event) -> tuple[datetime, str, int, int]:
    return event.time, *_by_place(event)
