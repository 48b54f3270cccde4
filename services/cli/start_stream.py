"""Starts that come on stdin, line by line: each is sent as it comes, a bad one is left out."""

from collections.abc import AsyncIterator

from contracts.journey import Journey
from services.cli.errors import USAGE, CliError
from services.cli.options import Output
from services.cli.running_stack import Found
from services.cli.sending import sending
from services.cli.start_input import Line, wishes_of
from services.cli.start_messages import Ready, all_ready
from services.cli.start_order import Order
from services.cli.start_words import show_streamed, tell_bad


async def stream(
    order: Order,
    found: Found,
    journey: Journey,
    first: list[Line],
    rest: AsyncIterator[list[Line]],
) -> tuple[list[Ready], int]:
    """What was sent, and how many lines were bad."""
    if order.correlation_id is not None or order.dry_run:
        raise CliError("lines on stdin go without --correlation-id and --dry-run", USAGE)
    if order.output is Output.JSON:
        raise CliError("stdin may never end, so an object per line is written: -o jsonl", USAGE)
    sent: list[Ready] = []
    count = 0
    async with sending(found.settings) as sender:
        lines: list[Line] | None = first
        while lines is not None:
            starts, bad = _read(lines, order, journey, found)
            tell_bad(bad)
            await sender.send([start.message for start in starts])
            show_streamed(starts, order)
            sent += starts
            count += len(bad)
            lines = await anext(rest, None)
    return sent, count


def _read(
    lines: list[Line], order: Order, journey: Journey, found: Found
) -> tuple[list[Ready], list[str]]:
    wishes, bad = wishes_of(lines, "stdin")
    starts, unreadable = all_ready(wishes, journey, order.tenant, found.settings)
    return starts, bad + unreadable
