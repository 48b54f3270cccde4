"""Writes answers: tables for people (rich), JSON for programs; notes go to stderr."""

import json
import logging
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import Progress
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from contracts.envelope import time_text
from services.cli.harmless import escaped, harmless
from services.cli.options import Output

PLAIN_WIDTH = 100_000  # of a pipe or a file: no row is broken, so that grep finds whole ones
WHOLE = frozenset(
    {"saga", "partner", "saga_id", "partner_id", "topic", "status", "event", "said by", "after"}
)
Row = Mapping[str, Any]
_USER_INFO = re.compile(r"//.*@")  # to the last @: a password may hold any sign, escaped or not


class _Console(Console):
    """What is shown may be of anybody: a terminal is told nothing but by us."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """As rich does, without signs that a terminal acts on."""
        for one in super().render(renderable, options):
            yield one if one.control else one._replace(text=harmless(one.text))


def console(to_stderr: bool = False) -> Console:
    """For stdout or stderr as they are now; in a pipe without colours and wide."""
    stream = sys.stderr if to_stderr else sys.stdout
    width = None if stream.isatty() else PLAIN_WIDTH
    return _Console(file=stream, width=width, highlight=False, soft_wrap=False)


def note(text: str) -> None:
    """Something to know beside the answer."""
    console(to_stderr=True).print(Text(f"note: {text}", style="yellow"), soft_wrap=True)


def progress_bar() -> Progress:
    """None where nobody looks: it would leave an empty line there."""
    shown = console(to_stderr=True)
    return Progress(console=shown, transient=True, disable=not shown.is_interactive)


def answer(rows: Sequence[Row], output: Output, shown: RenderableType | None = None) -> None:
    """Many objects: an array, lines, or `shown` (a table of all their fields if None)."""
    if output is Output.TABLE:
        console().print(table(rows) if shown is None else shown)
    elif output is Output.JSON:
        write_line(json_text(list(rows), indent=2))
    else:
        write_lines(rows)


def answer_one(row: Row, output: Output, shown: RenderableType) -> None:
    """One object, as itself or as `shown`."""
    if output is Output.TABLE:
        console().print(shown)
    else:
        write_line(json_text(row, indent=2 if output is Output.JSON else None))


def write_lines(rows: Iterable[Row]) -> None:
    """One JSON object per line, each at once: who reads may be waiting."""
    for row in rows:
        write_line(json_text(row))


def write_line(text: str) -> None:
    """A line, whatever the width of the terminal."""
    sys.stdout.write(f"{harmless(text)}\n")
    sys.stdout.flush()


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON with times in RFC 3339; what a terminal would act on is escaped."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, default=_plain)
    return escaped(text)


def table(rows: Sequence[Row], title: str | None = None) -> Table:
    """All fields of the rows, in the order of the first one."""
    made = empty_table(*(rows[0] if rows else ("nothing",)), title=title)
    for row in rows:
        made.add_row(*(cell(value) for value in row.values()))
    return made


def empty_table(*columns: str, title: str | None = None) -> Table:
    """A table without frames, so that what it says can be copied; ids are never broken."""
    made = Table(box=box.SIMPLE, title=title, title_justify="left", pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column in WHOLE)
    return made


def counted(count: int, one: str, many: str) -> str:
    """`1 letter`, or `2 letters`."""
    return f"{count} {one if count == 1 else many}"


def cell(value: Any) -> Text:
    """A value as a person reads it; never read as markup."""
    if value is None:
        return Text("")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, list | tuple):
        return Text(", ".join(map(str, value)))
    return value if isinstance(value, Text) else Text(str(value))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def masked(uri: str) -> str:
    """An address without user, password and options."""
    return _USER_INFO.sub("//***@", uri).partition("?")[0]


def quiet() -> None:
    """Nothing is logged from here on: what went wrong is said in the command's own line."""
    logging.disable(logging.CRITICAL)
    silent = structlog.make_filtering_bound_logger(logging.CRITICAL)
    structlog.configure(wrapper_class=silent)
