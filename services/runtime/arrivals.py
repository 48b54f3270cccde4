"""What arrives at a step document besides events: answers of calls, time, wishes of persons."""

from dataclasses import dataclass
from typing import Literal

from services.runtime.step import Rejected


@dataclass(frozen=True, slots=True)
class Answered:
    """What an outside system answered to the call made under `lease`.

    `later`: a transient failure, or no answer: nobody knows whether it happened. `bug`: an error
    that nobody expected. `where`: its place, or the status; of what is asked later, why it is.
    """

    lease: str
    answer: Literal["yes", "later", "bug"] | Rejected
    where: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A time has come: of the next try, of the step's own deadline, or of its watch."""

    what: Literal["try", "deadline", "watch"]


@dataclass(frozen=True, slots=True)
class Wish:
    """A person asks for new attempts, or says that an undo was done by hand."""

    what: Literal["redrive", "resolve"]


Arrival = Answered | Due | Wish
