"""What may be purged: which sagas, of which age, and what goes of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.cli.errors import USAGE, CliError
from services.cli.options import one_of
from services.cli.printing import counted
from services.cli.times import time_of_day
from services.runtime.settings import Settings

DEFAULT, LIVING = ("FAILED", "COMPENSATED"), "COMPLETED"


@dataclass(frozen=True, slots=True)
class Scope:
    """Sagas of these statuses that ended before a time. `with_steps`: of completed ones the step
    documents too; of the others they always go."""

    before: datetime
    statuses: Sequence[str] = DEFAULT
    with_steps: bool = False

    def loses_steps(self, status: str) -> bool:
        """Whether the step documents of such a saga go."""
        return status != LIVING or self.with_steps

    def check(self, settings: Settings, now: datetime) -> None:
        """CliError (2): what is no end, or younger than what stands on the topics."""
        for status in self.statuses:
            one_of("--status", status, (*DEFAULT, LIVING))
        if self.with_steps and LIVING not in self.statuses:
            line = "--with-steps is about completed sagas: give --status COMPLETED too"
            raise CliError(line, USAGE)
        kept = topics_keep(settings)
        if self.before > now - kept:
            hours = f"{settings.retention_hours} + {settings.dead_letter_retention_hours} h"
            line = (
                f"--ended-before {time_of_day(self.before)}: topics and dead letters keep records "
                f"for {hours}, and what is forgotten sooner could be done again: "
                f"name a time before {time_of_day(now - kept)}"
            )
            raise CliError(line, USAGE)


def topics_keep(settings: Settings) -> timedelta:
    """How long after its end a record of a saga may still be heard: as long as a dead letter can be
    redriven, and from then on as long as its topic keeps it."""
    return timedelta(hours=settings.retention_hours + settings.dead_letter_retention_hours)


def words_of(counts: Mapping[str, int], scope: Scope) -> str:
    """`3 sagas (2 FAILED, 1 COMPENSATED) that ended before 2026-10-01 00:00:00Z`."""
    several = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    amount = counted(sum(counts.values()), "saga", "sagas")
    return f"{amount} ({several}) that ended before {time_of_day(scope.before)}"


def warning_of(counts: Mapping[str, int], scope: Scope) -> str | None:
    """What completed sagas lose, in words; None if there are none."""
    if not counts.get(LIVING):
        return None
    if scope.with_steps:
        return (
            "completed sagas are forgotten whole: what they did stays in force, nobody can undo it "
            "any more, and their e-mail addresses are free"
        )
    return (
        "of completed sagas the step documents stay: the partners live and hold their e-mail "
        "addresses; but `status` and `compensate` will not find them"
    )
