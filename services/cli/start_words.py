"""What `onboarding start` tells of what it sent, and of what it did not."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from services.cli.options import Output
from services.cli.printing import answer, answer_one, console, write_line, write_lines
from services.cli.start_messages import Ready
from services.cli.start_order import Order

MOST_TOLD = 20


def show_ids(starts: Sequence[Ready], order: Order) -> None:
    """The ids by which each can be asked for; programs that wait get them with the ends."""
    rows = [start.row for start in starts]
    if order.waits and order.output is not Output.TABLE:
        return
    if len(rows) != 1:
        answer(rows, order.output)
        return
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    for name, value in rows[0].items():
        table.add_row(name, value)
    answer_one(rows[0], order.output, table)


def show_streamed(starts: Sequence[Ready], order: Order) -> None:
    """The same, a line each, for starts that go on coming."""
    if order.output is not Output.TABLE:
        write_lines([] if order.waits else [start.row for start in starts])
        return
    for start in starts:
        write_line("  ".join(start.row.values()))


def tell_bad(lines: Sequence[str]) -> None:
    """The bad lines on stderr, of a flood the first ones."""
    err = console(to_stderr=True)
    for line in lines[:MOST_TOLD]:
        err.print(line, soft_wrap=True, markup=False)
    if len(lines) > MOST_TOLD:
        err.print(f"and {len(lines) - MOST_TOLD} more bad lines")
