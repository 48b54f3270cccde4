"""What is told of a rebuild: how fast it was, what it could not rebuild, where it differs."""

from dataclasses import dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from saga_state.building import Stage
from services.cli.options import Output
from services.cli.printing import answer_one, cell, empty_table, note
from services.cli.replay.rebuild_comparing import Compared

KEPT_IN_A_LINE = 5
BUILDING = ("reading", "keeping", "folding", "indexes")
SWAP = "`onboarding replay rebuild --swap`"


@dataclass(slots=True)
class Rebuilt:
    """`read`: records that this run read; `events`: all of the rebuild. `kept`: sagas of which
    records have left the topics. `seconds`: by phase, of this run."""

    stage: Stage = "begun"
    read: int = 0
    events: int = 0
    poison: int = 0
    sagas: int = 0
    kept: int = 0
    some_kept: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    compared: Compared = field(default_factory=Compared)

    def took(self, phase: str, seconds: float) -> None:
        self.seconds[phase] = self.seconds.get(phase, 0.0) + seconds

    @property
    def rate(self) -> float | None:
        """Records a second until the new one was ready; None: this run read none."""
        spent = sum(self.seconds.get(phase, 0.0) for phase in BUILDING)
        return self.read / spent if self.read and spent else None


def say(told: Rebuilt, output: Output) -> None:
    """The answer, and notes on what a person should know or do."""
    answer_one(row_of(told), output, _page(told))
    if told.kept:
        some, more = ", ".join(told.some_kept[:KEPT_IN_A_LINE]), told.kept - KEPT_IN_A_LINE
        ids = f"{some} and {more:,} more" if more > 0 else some
        note(f"{_sagas(told.kept)} cannot be rebuilt, for records have left the topics: {ids}")
        note("they keep what the live projection has of them; -o json names more of them")
    if told.stage == "ready":
        note(f"the projection writes to both until it is swapped ({SWAP}) or dropped (--drop)")


def row_of(told: Rebuilt) -> dict[str, Any]:
    compared = told.compared
    return {
        "stage": told.stage,
        "records": told.events,
        "records_read": told.read,
        "not_events": told.poison,
        "sagas": told.sagas,
        "records_per_second": round(told.rate) if told.rate else None,
        "seconds": {phase: round(took, 2) for phase, took in told.seconds.items()},
        "not_rebuilt": told.kept,
        "not_rebuilt_ids": told.some_kept,
        "compared": compared.sagas,
        "differ": compared.differ,
        "fields": [
            {"field": name, "sagas": count, "such_as": compared.examples[name]}
            for name, count in compared.fields.most_common()
        ],
    }


def _page(told: Rebuilt) -> RenderableType:
    lines = [_what_was_done(told)]
    if told.compared.sagas:
        equal = told.compared.sagas - told.compared.differ
        seconds = told.seconds.get("comparing", 0.0)
        lines.append(
            f"compared in {seconds:.1f} s: {equal:,} equal, {told.compared.differ:,} differ"
        )
    if told.stage == "swapped":
        lines.append("swapped: it is the live one now")
    table = empty_table("field", "sagas", "such as (live -> rebuilt)")
    for name, count in told.compared.fields.most_common():
        table.add_row(name, cell(f"{count:,}"), cell("\n".join(told.compared.examples[name])))
    shown = [table] if told.compared.fields else []
    return Group(*shown, *(Text(line) for line in lines))


def _what_was_done(told: Rebuilt) -> str:
    line = f"rebuilt: {_sagas(told.sagas)} of {told.events:,} records"
    if told.poison:
        line += f" ({told.poison:,} of them no events)"
    if told.rate is not None:
        took = ", ".join(f"{p} {told.seconds[p]:.1f} s" for p in BUILDING if p in told.seconds)
        line += f", {told.rate:,.0f} records/s ({took})"
    return line


def _sagas(count: int) -> str:
    return "1 saga" if count == 1 else f"{count:,} sagas"
