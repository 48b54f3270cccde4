"""What a redrive or a discard tells of the letters that it is about."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from services.cli.dlq_chosen import Act, Pile, hash_of
from services.cli.letters import REDRIVE_ID
from services.cli.printing import answer_one
from services.cli.times import time_of_day


def told_of(act: Act, chosen: Sequence[Pile], left: Mapping[str, int]) -> dict[str, Any]:
    """How much it is, of which times, under which hash, and how many were left out and why."""
    times = [pile[0].at for pile in chosen]
    return {
        "action": act.what,
        "count": len(chosen),
        "parked_steps": sum(pile[0].parked is not None for pile in chosen),
        "hash": hash_of(chosen),
        "oldest": min(times, default=None),
        "newest": max(times, default=None),
        "left_out": dict(left),
    }


def say(act: Act, told: dict[str, Any], how: str) -> None:
    """What `told_of` gave, and what was added to it."""
    between = f"{time_of_day(told['oldest'])} to {time_of_day(told['newest'])}"
    line = f"{how}: {told['count']} letters ({told['parked_steps']} parked steps), {between}"
    has_tail = act.dry_run or act.what == "redriven"
    tail = f", hash {told['hash']}" if act.dry_run else f", redrive id {told[REDRIVE_ID]}"
    answer_one(told, act.output, Text(f"{line}{tail if has_tail else ''}"))
