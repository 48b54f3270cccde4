"""What a cause is: its name, how sure it is, its sentence, and the command that helps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from saga_state.why.commands import id_word
from saga_state.why.view import View

Name = Literal[
    "service_not_running",
    "service_behind",
    "partition_without_owner",
    "waiting_for_retry",
    "parked",
    "undo_parked",
    "poison",
    "outside_system_slow_or_down",
    "outside_system_refused",
    "database_unreachable",
    "broker_unreachable",
    "topic_missing",
    "topic_made_anew",
    "group_without_members",
    "waiting_for_deadline",
]
End = Literal[
    "completed", "said_no", "ran_out_of_time", "undone_on_request", "left_over", "unknown_journey"
]
NAMES: tuple[Name, ...] = get_args(Name)
PROVEN, LIKELY, POSSIBLE = 3, 2, 1


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a saga waits. `weight`: PROVEN by what was seen, LIKELY, or POSSIBLE.

    `command` helps with this saga, `for_all` with all that wait for the same reason. `tell`: what
    would tell it from the others, where it is not proven.
    """

    name: Name | End
    weight: int
    service: str
    sentence: str
    command: str
    for_all: str
    tell: str = ""

    @property
    def body(self) -> dict[str, str]:
        """As JSON has it."""
        how = {PROVEN: "proven", LIKELY: "likely", POSSIBLE: "possible"}
        return {
            "cause": self.name,
            "how_sure": how[self.weight],
            "service": self.service,
            "sentence": self.sentence,
            "command": self.command,
            "tell": self.tell,
        }


Rule = Callable[[View], Cause | None]


def watch_it(view: View) -> tuple[str, str]:
    """The commands where nothing is to be done but to wait."""
    saga = id_word(view.case.saga)
    return f"onboarding watch {saga}{view.tenant}", f"onboarding watch{view.tenant}"
