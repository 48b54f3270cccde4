"""A step's part in the journeys: its decision, its rules, its limits of time, its neighbours."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import BaseModel

from contracts.envelope import Context
from contracts.journey import JOURNEYS, Journey, Journeys, Step
from services.runtime.step import StepService

TRIES_OF_A_BUG = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things may take, in seconds; settings of the same names say otherwise.

    A lease is longer than any call; `request_life` is the longest time after which a request that
    was sent can still take effect.
    """

    grace: float = 5.0
    lease: float = 30.0
    retry_base: float = 0.2
    retry_cap: float = 30.0
    undo: float = 86_400.0
    request_life: float = 60.0


def _middle() -> float:
    return 0.5


@dataclass(frozen=True, slots=True)
class Part:
    """`seconds_for(row)` is how long that step has to answer. `outside`: it has an outside system.

    `now` is the time of the database, which is everybody's; `chance` spreads the tries.
    """

    service: StepService
    rules: BaseModel
    now: Callable[[], datetime]
    seconds_for: Callable[[Step], float]
    prefix: str = ""
    journeys: Journeys = field(default_factory=lambda: JOURNEYS)
    outside: bool = False
    limits: Limits = Limits()
    chance: Callable[[], float] = _middle

    @property
    def name(self) -> str:
        return self.service.name

    def journey_of(self, context: Context) -> Journey | None:
        """The journey of a saga, if this step has a part in it."""
        journey = self.journeys.get((context.journey, context.journey_version))
        return journey if journey and journey.step(self.name) else None

    def row(self, journey: Journey) -> Step:
        """This step's row in a journey in which it has a part."""
        return journey.steps[journey.step_names.index(self.name)]

    def watched(self, journey: Journey) -> float | None:
        """How long after its own word it gives up on its successor; None: it is the last."""
        after = journey.after(self.name)
        return self.seconds_for(after) + self.limits.grace if after else None

    def next_try_at(self, now: datetime, attempts: int) -> datetime:
        """Exponential backoff, capped, with jitter: half of the pause is chance."""
        most = min(self.limits.retry_cap, self.limits.retry_base * 2.0 ** min(attempts, 30))
        return now + timedelta(seconds=most * (0.5 + self.chance() / 2))
