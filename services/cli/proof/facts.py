"""What was said of each step of a saga, by its number from 0: the facts that checks ask for."""

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.envelope import Event, source_of
from contracts.events import (
    CompensationRequested,
    PartnerOnboardingCompleted,
    PartnerOnboardingFailed,
)
from contracts.journey import Journey
from contracts.operator import StepParked


@dataclass(frozen=True, slots=True)
class Facts:
    """`done` said P (the last also C), `timed_out` said so itself, `undo_parked` says itself.
    `requested` has the failed steps of all R; a person's is the number of steps."""

    done: frozenset[int]
    timed_out: frozenset[int]
    undo_parked: frozenset[int]
    requested: frozenset[int]


def facts_in(events: Iterable[Event], journey: Journey) -> Facts:
    """The facts in a set of events."""
    names = journey.step_names
    by_progress = {step.says: number for number, step in enumerate(journey.steps)}
    by_progress[PartnerOnboardingCompleted.__name__] = len(names) - 1
    done, timed_out, undo_parked, requested = set[int](), set[int](), set[int](), set[int]()
    for event in events:
        data = event.data
        if event.name in by_progress:
            done.add(by_progress[event.name])
        elif isinstance(data, PartnerOnboardingFailed):
            if data.code == "TIMEOUT" and event.source == source_of(data.failed_step):
                timed_out.add(names.index(data.failed_step))
        elif isinstance(data, CompensationRequested):
            named = data.failed_step
            requested.add(len(names) if named is None else names.index(named))
        elif isinstance(data, StepParked) and data.state == "undo_parked":
            undo_parked.add(names.index(data.step))
    return Facts(*map(frozenset, (done, timed_out, undo_parked, requested)))
