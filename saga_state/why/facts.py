"""What `why` is told of a saga, the services and the servers; or that nobody could find it out.

Who finds it out is services/evidence/. What it could not ask in its time is Unknown, never a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contracts.journey import JOURNEYS, Journeys
from contracts.step_document import StepDocument
from saga_state.document import Saga

Place = tuple[str, int]  # a topic and a partition


@dataclass(frozen=True, slots=True)
class Unknown:
    """It could not be found out; `reason` in a few words."""

    reason: str


NOT_ASKED = Unknown("not asked")


@dataclass(frozen=True, slots=True)
class Process:
    """What a process last said of itself (its instance record).

    `alive`: it said so within the last seconds, and on this machine its number is still in use.
    """

    instance: str
    version: str
    seen_at: datetime
    alive: bool
    partitions: frozenset[Place] = frozenset()
    joined: bool = True
    waiting_for: Mapping[str, str] = field(default_factory=dict)
    rebalances: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """What a process on this machine answers on /readyz. `answers` False: nobody is there."""

    process: str
    answers: bool
    waiting_for: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group as the broker has it. `members` None: the broker does not tell."""

    state: str
    members: int | None = None
    clients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Calls:
    """Of the sagas that a step is at, the first by their times: how many were looked at, and of how
    many the last call failed and is to be made again."""

    looked_at: int
    failing: int


@dataclass(frozen=True, slots=True)
class Service:
    """`pages` None: no stack of this machine is known; empty: it runs none of this service."""

    name: str
    processes: tuple[Process, ...] | Unknown = NOT_ASKED
    pages: tuple[Page, ...] | None = None
    group: Group | Unknown = NOT_ASKED
    calls: Calls | Unknown = NOT_ASKED
    stands: Mapping[Place, int] | Unknown = NOT_ASKED


@dataclass(frozen=True, slots=True)
class Outside:
    """The outside system of a step: the code of its "no"; whether its address takes connections
    from here, None where no address is known here."""

    code: str | None = None
    reached: bool | None = None


@dataclass(frozen=True, slots=True)
class World:
    """The system as it is now, by the database's clock.

    `kafka`: why it does not answer from here; None: it does. `ends`: where logs end.
    `rates`: how many records a second each partition of a topic was given lately, since the oldest
    event that waits was said, at most for a minute.
    """

    now: datetime
    services: Mapping[str, Service] = field(default_factory=dict)
    kafka: str | None = None
    missing_topics: tuple[str, ...] | Unknown = ()
    ends: Mapping[Place, int] | Unknown = NOT_ASKED
    rates: Mapping[Place, float] | Unknown = NOT_ASKED
    outside: Mapping[str, Outside] = field(default_factory=dict)
    prefix: str = ""
    call_seconds: float = 10.0
    journeys: Journeys = field(default_factory=lambda: JOURNEYS)

    def service(self, name: str) -> Service:
        """What is known of it; nothing, if it was not asked for."""
        return self.services.get(name) or Service(name)


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter of the event that a step waits for."""

    id: str
    place: str
    error_class: str
    error: str
    mark: str | None = None  # redriven or discarded


@dataclass(frozen=True, slots=True)
class Case:
    """One saga. `documents`: by step, None where the step keeps none. `letter` None: there is none,
    or the step has not read so far."""

    saga: Saga
    documents: Mapping[str, StepDocument | None] | Unknown = NOT_ASKED
    letter: Letter | Unknown | None = None
