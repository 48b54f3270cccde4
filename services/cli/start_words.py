"""What `onboarding start` tells: what it sent, what it did not, and how what it sent ended."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table

from saga_state.document import Saga
from saga_state.partner_hash import partner_hash
from saga_state.shown import saga_json
from services.cli.errors import NO, PARTLY, CliError
from services.cli.options import Output
from services.cli.printing import answer, answer_one, console, counted, write_line, write_lines
from services.cli.projection import open_projection
from services.cli.running_stack import Found
from services.cli.saga_page import one_saga
from services.cli.saga_tables import failure_words, list_of
from services.cli.start_messages import Order, Ready
from services.cli.watch import is_over, tell_change, wait_for_ends

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
        err.print(f"and {counted(len(lines) - MOST_TOLD, 'more bad line', 'more bad lines')}")


def left_out(bad: int, sent: int) -> str:
    """How many lines of a stream were not sent, and how many were."""
    lines = counted(bad, "bad line was", "bad lines were")
    return f"{lines} left out; {counted(sent, 'was', 'were')} sent"


def show_ends(found: Found, sent: Sequence[Ready], order: Order) -> None:
    """Returns if all are COMPLETED. CliError: 3 if some are, else 1."""
    starts = {start.context.saga_id: start for start in sent}
    sagas = asyncio.run(_wait(found, list(starts), order))
    _refuse_reused(found, sent, sagas)
    ended = [sagas[id_] for id_ in starts if id_ in sagas]
    rows = [_row(start, sagas.get(id_)) for id_, start in starts.items()]
    if len(starts) == len(ended) == 1:
        shown = one_saga(ended[0], found.settings.call_timeout_seconds)
        answer_one(rows[0], order.output, shown)
    else:
        answer(rows, order.output, list_of(ended, console().width))
    _judge(list(starts), sagas, order.wait_seconds or 0)


def _refuse_reused(found: Found, sent: Sequence[Ready], sagas: Mapping[str, Saga]) -> None:
    """A saga of another address was there before: what was sent now became a dead letter."""
    key = found.settings.hash_key.get_secret_value().encode()
    for start in sent:
        saga = sagas.get(start.context.saga_id)
        if saga is None or not start.email or saga["partner_hash"] is None:
            continue
        if partner_hash(key, start.email) != saga["partner_hash"]:
            used = f"{start.place}: the correlation id was used before, with other data"
            raise CliError(f"{used}: nothing was started; see saga {saga['_id']}", NO)


def _row(start: Ready, saga: Saga | None) -> Mapping[str, Any]:
    """A saga that the projection does not know yet has no status."""
    return saga_json(saga) if saga else {**start.row, "status": None}


async def _wait(found: Found, ids: Sequence[str], order: Order) -> Mapping[str, Saga]:
    def on_change(saga: Saga) -> None:
        if order.output is Output.TABLE and console().is_terminal:
            tell_change(saga, order.output)

    async with open_projection(found) as store:
        return await wait_for_ends(store, ids, order.wait_seconds or 0, on_change)


def _judge(ids: Sequence[str], sagas: Mapping[str, Saga], seconds: float) -> None:
    completed = [id_ for id_, saga in sagas.items() if saga["status"] == "COMPLETED"]
    if len(completed) == len(ids):
        return
    if len(ids) == len(sagas) == 1:
        saga = next(iter(sagas.values()))
        raise CliError(f"it did not complete: {saga['status']} {failure_words(saga)}".strip())
    late = sum(not is_over(sagas.get(id_)) for id_ in ids)
    parts = [f"{len(completed)} of {len(ids)} completed"]
    parts += [f"{late} had not ended after {seconds:g} s"] if late else []
    raise CliError(", ".join(parts), PARTLY if completed else NO)
