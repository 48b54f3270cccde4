"""What a redrive or a discard tells of the letters that it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from services.cli.options import Output
from services.cli.printing import answer_one, counted, table
from services.cli.times import time_of_day
from services.letters.chosen import Act, Pile, hash_of
from services.letters.letter import REDRIVE_ID

MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Order(Act):
    """An act as a command asks for it; `agreed` is the hash that was agreed to, if any. `tenant`:
    whose sagas are meant."""

    dry_run: bool = False
    agreed: str | None = None
    output: Output = Output.TABLE
    tenant: str = "default"


def amount(piles: Sequence[Pile]) -> str:
    """`2 letters`, or `2 records (4 letters)`: several services may have a letter of a record."""
    letters = counted(sum(map(len, piles)), "letter", "letters")
    records = counted(len(piles), "record", "records")
    parked = sum(pile[0].parked is not None for pile in piles)
    beside = [counted(parked, "parked step", "parked steps")] if parked else []
    what = letters
    if any(len(pile) > 1 for pile in piles):
        what, beside = records, [letters, *beside]
    return f"{what} ({', '.join(beside)})" if beside else what


def told_of(act: Order, chosen: Sequence[Pile], left: Mapping[str, int]) -> dict[str, Any]:
    """How many records (`count`) and letters, of which times, under which hash, and how many were
    left out and why; of a dry run the first letters, too."""
    times = [pile[0].at for pile in chosen]
    return {
        "action": act.what,
        "count": len(chosen),
        "letter_count": sum(map(len, chosen)),
        "parked_steps": sum(pile[0].parked is not None for pile in chosen),
        "hash": hash_of(chosen),
        "oldest": min(times, default=None),
        "newest": max(times, default=None),
        "left_out": dict(left),
        **({"letters": _rows(chosen)} if act.dry_run else {}),
    }


def say(act: Order, chosen: Sequence[Pile], told: Mapping[str, Any], how: str) -> None:
    """What `told_of` gave, and what was added to it."""
    between = f"{time_of_day(told['oldest'])} to {time_of_day(told['newest'])}"
    line = f"{how}: {amount(chosen)}, {between}"
    if act.dry_run:
        answer_one(told, act.output, _looked_at(told, f"{line}, hash {told['hash']}"))
        return
    tail = f", redrive id {told[REDRIVE_ID]}" if act.what == "redriven" else ""
    answer_one(told, act.output, Text(f"{line}{tail}"))


def _rows(chosen: Sequence[Pile]) -> list[dict[str, Any]]:
    letters = [one for pile in chosen for one in pile][:MOST_TOLD]
    return [{name: one.row[name] for name in _NAMES} for one in letters]


def _looked_at(told: Mapping[str, Any], line: str) -> RenderableType:
    more = told["letter_count"] - len(told["letters"])
    rest = [Text(f"and {more} more\n")] if more else []
    return Group(table(told["letters"]), *rest, Text(line))


_NAMES = ("id", "service", "class", "saga_id")
