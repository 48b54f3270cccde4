"""What a captured test holds: the start, and who said what when, as far as code cannot know it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.events import CompensationCompleted, CompensationRequested, PartnerOnboardingFailed
from contracts.operator import RedriveRequested, ResolveRequested, StepParked

PERSON = "a person"
FAILED = PartnerOnboardingFailed.__name__
REQUESTED = CompensationRequested.__name__
UNDONE = CompensationCompleted.__name__
PARKED = StepParked.__name__
WISHES = (RedriveRequested.__name__, ResolveRequested.__name__)
TIMEOUT = "TIMEOUT"
Key = tuple[str, str, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Act:
    """Something was said, so many seconds after the start: by a step, or by a person.

    `step` is whom it names, `detail` its code, outcome or state: what was decided. `words` is its
    reason, or where a bug was. What a person said is sent again as `data`.
    """

    seconds: float
    by: str
    says: str
    step: str | None = None
    detail: str | None = None
    words: str = ""
    data: Mapping[str, Any] | None = None
    names_journey: bool = True

    @property
    def key(self) -> Key:
        """What must be the same for it to be said again."""
        return self.by, self.says, self.step, self.detail

    def __str__(self) -> str:
        return " ".join(filter(None, (self.by, "says", self.says, self.step, self.detail)))


@dataclass(frozen=True, slots=True)
class Captured:
    """A saga as it was recorded. `start`: the data of its PartnerOnboardingInitiated.

    `outer` are the steps that called an outside system. `dead` did not answer in their time;
    `silent` had still something to say when it was captured. `taken`: another partner had what only
    one may have. `rules` of the steps, and the `seconds` that each had to answer, where these were
    not the defaults.
    """

    journey: tuple[str, int]
    started_at: str
    start: Mapping[str, Any]
    acts: Sequence[Act]
    outer: Sequence[str] = ()
    dead: Sequence[str] = ()
    silent: Sequence[str] = ()
    taken: bool = False
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)


def detail_of(says: str, data: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Of what was said whom it names, and its code, outcome or state."""
    if says in (FAILED, REQUESTED):
        return data.get("failed_step"), data.get("code")
    if says in (UNDONE, PARKED, *WISHES):
        return data.get("step"), data.get("outcome") or data.get("state")
    return None, None
