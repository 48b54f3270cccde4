"""`onboarding dlq list` and `show`: what waits for a person on the dead letter topics."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli.letter_topics import letters_of
from services.cli.letters_wanted import check_names, letters_and_which, the_one
from services.cli.options import Output
from services.cli.printing import answer, answer_one, cell, counted, empty_table, note
from services.cli.running_stack import find_stack
from services.cli.times import time_of_day
from services.letters.chosen import Which
from services.letters.groups import groups
from services.letters.letter import Letter
from services.letters.masking import (
    masked_headers,
    masked_key,
    masked_value,
    plain_headers,
    plain_key,
    plain_value,
)


def list_letters(
    data: Path | None, which: Which, tenant: str, each: bool, everything: bool, output: Output
) -> None:
    """Grouped by service and class, or each; what was dealt with only if `everything`."""
    check_names(which, tenant)
    letters, which = asyncio.run(letters_and_which(find_stack(data), which, tenant))
    shown = [one for one in letters if which(one) and (everything or one.now == "open")]
    rows = [one.row for one in shown] if each else groups(shown, everything)
    answer(rows, output, _listed(rows))
    if not rows:
        note(nothing_of(which, letters, everything))
    if (hidden := sum(map(which, letters)) - len(shown)) and not everything:
        was = "was redriven or discarded, or needs nobody any more"
        were = "were redriven or discarded, or need nobody any more"
        note(f"{counted(hidden, was, were)}: --all shows them")


def nothing_of(which: Which, letters: Iterable[Letter], everything: bool) -> str:
    """That none is as wanted, and how many wait that are not."""
    what = f"no letter of class {which.error_class}" if which.error_class else "no letter"
    if everything:
        return f"there is {what}"
    others = sum(one.now == "open" for one in letters)
    return f"{what} waits" + (f"; {counted(others, 'other does', 'others do')}" if others else "")


def show_letter(data: Path | None, ref: str, reveal: bool, output: Output) -> None:
    """One letter with its record. Personal data is masked unless it is to be revealed."""
    letter = the_one(asyncio.run(letters_of(find_stack(data))), ref)
    told = facts_of(letter, reveal)
    answer_one(told, output, _page(told))
    if not reveal and letter.parked is None:
        note("values are masked; --reveal shows them, and they may be personal")


def facts_of(letter: Letter, reveal: bool) -> dict[str, Any]:
    """All there is to know of it."""
    record, headers = letter.record, letter.headers
    whole = reveal or letter.parked is not None
    return {
        **letter.row,
        "attempts": letter.attempts,
        "came_from": letter.came_from,
        "left_out": letter.left_out,
        "was_redriven_before": letter.was_redriven,
        "mark": dict(letter.mark or {}),
        "key": plain_key(record.key) if whole else masked_key(record.key),
        "headers": plain_headers(headers) if whole else masked_headers(headers),
        "value": plain_value(record.value) if whole else masked_value(record.value),
    }


def _listed(rows: Sequence[dict[str, Any]]) -> RenderableType | None:
    if not rows:
        return Text("")
    table = empty_table(*rows[0])
    for row in rows:
        shown = {**row, **{name: time_of_day(row[name]) for name in _TIMES if name in row}}
        table.add_row(*(cell(value) for value in shown.values()))
    return table


def _page(told: dict[str, Any]) -> RenderableType:
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in told.items():
        if name not in ("headers", "value", "mark") and value not in ("", None):
            table.add_row(name, cell(time_of_day(value) if name == "at" else value))
    for name, text in told["mark"].items():
        table.add_row(name, cell(text))
    for name, text in told["headers"]:
        table.add_row(cell(name), cell(text))
    return Group(table, Text(told["value"]))


_TIMES = ("at", "oldest", "newest")
