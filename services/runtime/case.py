"""What arrives at which document, and what comes of it: the two ends of every cell."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contracts.envelope import Event, Message
from contracts.journey import Journey
from services.runtime.arrivals import Answered, Arrival
from services.runtime.document import Document, State
from services.runtime.part import Part
from services.runtime.saying import Voice


@dataclass(frozen=True, slots=True)
class Case:
    """What arrives at which document; `now` is asked once for all that is decided from it."""

    document: Document | None
    arrival: Event | Arrival
    part: Part
    journey: Journey
    now: datetime
    taken: str | None = None

    @property
    def known(self) -> Document:
        """The document, in the cells that have one."""
        assert self.document is not None
        return self.document

    @property
    def event(self) -> Event:
        """The event, in the rows of events."""
        assert isinstance(self.arrival, Event)
        return self.arrival

    @property
    def is_event(self) -> bool:
        return isinstance(self.arrival, Event)

    @property
    def voice(self) -> Voice:
        if isinstance(self.arrival, Event):
            context = self.document.context if self.document else self.arrival.context
            return Voice.hearing(self.arrival, context, self.part, self.now)
        return Voice.about(self.known, self.part, self.now)

    @property
    def is_called(self) -> bool:
        """Whether somebody is calling the outside system for it right now."""
        one = self.known
        return one.lease is not None and one.try_at is not None and one.try_at > self.now


@dataclass(frozen=True, slots=True)
class Outcome:
    """The document after it (another object: to be written), what to say, whether to call.

    What it says stands in its outbox. To call is to ask the outside system, under the lease that
    the document holds, once it is written.
    """

    document: Document | None
    say: tuple[Message, ...] = ()
    call: bool = False


def spoken(one: Document) -> Outcome:
    """It has something new to say. Its whole outbox is sent: what stands before may be unsent."""
    return Outcome(one, one.outbox)


def nothing(case: Case) -> Outcome:
    return Outcome(case.document)


def say_again(case: Case) -> Outcome:
    return Outcome(case.document, case.known.outbox)


Cell = Callable[[Case], Outcome]


def call(case: Case, one: Document) -> Outcome:
    """Take the lease. Each has a name of its own, so that a late answer is known as such."""
    ends = case.now + timedelta(seconds=case.part.limits.lease)
    return Outcome(replace(one, lease=f"{one.revision + 1}", try_at=ends), call=True)


def answer_of(case: Case) -> Answered | None:
    """The answer, if it is that of the call which runs: any other came too late to count."""
    told = case.arrival
    assert isinstance(told, Answered)
    return told if told.lease == case.known.lease else None


def emptied(case: Case, one: Document, state: State) -> Document:
    """Without what was done, and without personal data; times that no longer matter are gone."""
    return replace(
        one, state=state, decided_at=case.now, result=None, holds={}, plan=(), record=None,
        lease=None, try_at=None, last_answer=None, deadline_at=None, watch_at=None, give_up_at=None,
    )  # fmt: skip
