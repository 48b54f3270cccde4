"""What a step service is: the business decision, and how it is told to the shared delivery.

A step is one pure function `handler(event, effects) -> outcome`: no publishing, no saving, no
logging, no catching. Everything else is shared.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from contracts.envelope import Context
from contracts.events import Progress

R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Done:
    """The step said yes.

    `says` is the event for the next step; `result` what the step keeps in its own document
    (JSON values only: text, whole numbers, lists, objects; money as text); `holds` values that
    only one living saga of a tenant may hold at a time, for example {"email": "a@b.example"}.
    """

    says: Progress
    result: Mapping[str, Any]
    holds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """The step said no: an outcome, not an error.

    `code` is part of the published contract; `reason` is for a person and names no personal data.
    """

    code: str
    reason: str


Outcome = Done | Rejected


@dataclass(frozen=True, slots=True)
class Effects(Generic[R]):
    """What a handler may know besides its event: the time, the saga, the numbers of its rules."""

    now: datetime
    context: Context
    rules: R


@dataclass(frozen=True, slots=True)
class StepService:
    """A step: its name in journey.py, its decision, its rules (numbers and lists with defaults).

    `handler` takes the data of the event it hears (for the first step of a journey the JSON
    object of the start) and Effects. `taken` tells, per key of `Done.holds`, the "no" when
    another living saga holds that value. `outside_no` is what the "no" of its outside system
    means; None: the step has none, whatever the settings say. `says_no_with` are all its codes, so
    that each is counted from 0 (docs/rules.md has the same).
    """

    name: str
    handler: Callable[[Any, Effects[Any]], Outcome]
    rules: type[BaseModel]
    taken: Mapping[str, Rejected] = field(default_factory=dict)
    outside_no: Rejected | None = None
    says_no_with: tuple[str, ...] = ()
