"""What must hold of the set of all that was said, at every moment."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from contracts.envelope import Event, source_of
from contracts.events import (
    CompensationRequested,
    PartnerOnboardingCompleted,
    PartnerOnboardingFailed,
)
from contracts.journey import Journey
from services.cli.proof.messages import Messages

Kind = tuple[str, str | None, str]
FAILURES = (PartnerOnboardingFailed, CompensationRequested)


@dataclass(slots=True)
class ChecksOfLog:
    """Each set is looked at once."""

    messages: Messages
    journey: Journey
    known: dict[int, str | None] = field(default_factory=dict)

    def of(self, published: int) -> str | None:
        """What it breaks, in words."""
        if published not in self.known:
            events = [event for _, event in self.messages.events(published)]
            unread = (f"W4: nobody can read {one.topic}" for one in self.messages.unread(published))
            wrong = next(unread, None) or next(filter(None, self._all_of(events)), None)
            self.known[published] = wrong
        return self.known[published]

    def _all_of(self, events: Sequence[Event]) -> Iterable[str | None]:
        yield one_id_and_body(event for event in events if self._is_of_a_step(event))
        yield requested_before_failed(events, self.journey)
        yield completed_before_the_last(events, self.journey)

    def _is_of_a_step(self, event: Event) -> bool:
        return event.source in {source_of(name) for name in self.journey.step_names}


def one_id_and_body(events: Iterable[Event]) -> str | None:
    """I3: per kind, step and sayer one id; per id one body, headers included (V9)."""
    ids: dict[Kind, str] = {}
    bodies: set[str] = set()
    for event in events:
        if event.event_id in bodies:
            return f"I3: one id with two bodies, {event.name} of {event.source}"
        bodies.add(event.event_id)
        step = event.body.get("failed_step", event.body.get("step"))
        kind = (event.name, step, event.source)
        if event.name != "StepParked" and ids.setdefault(kind, event.event_id) != event.event_id:
            return f"I3: {event.name} of {event.source} with two ids"
    return None


def requested_before_failed(events: Sequence[Event], journey: Journey) -> str | None:
    """In every outbox R comes before F; but no step comes before the first, so it says F alone."""
    requested = {_failure(event) for event in events if event.name == FAILURES[1].__name__}
    first = journey.first.name
    own = (first, source_of(first))
    for event in events:
        if event.name == FAILURES[0].__name__ and _failure(event) not in requested | {own}:
            return f"V5: F({_failure(event)[0]}) of {event.source} without its R"
    return "V6: the first step asks for an undo of itself" if own in requested else None


def completed_before_the_last(events: Sequence[Event], journey: Journey) -> str | None:
    """V8: the last step says C, and then P(N)."""
    names = {event.name for event in events}
    if journey.last.says in names and PartnerOnboardingCompleted.__name__ not in names:
        return "V8: the last step's own event without PartnerOnboardingCompleted before it"
    return None


def _failure(event: Event) -> tuple[str | None, str]:
    return event.body.get("failed_step"), event.source
