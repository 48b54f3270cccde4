"""`onboarding start`: publishes starts from flags, a file or stdin."""

import asyncio
from pathlib import Path

from contracts.journey import Journey
from services.cli.errors import PARTLY, USAGE, CliError
from services.cli.quiet import quiet
from services.cli.running_stack import SERVERS, Found, find_stack
from services.cli.start_all import send_all
from services.cli.start_ends import show_ends
from services.cli.start_input import Wish, joined, lines_of_file, stands_alone, wishes_of
from services.cli.start_messages import Ready, journey_named
from services.cli.start_order import STDIN, Order
from services.cli.start_stream import stream
from services.cli.stdin_lines import batches_of_stdin


def start_partners(order: Order, data: Path | None) -> None:
    """Returns if all was sent and, with a wait, is COMPLETED. CliError: 3 some, 1 none, 2 bad."""
    _check(order)
    needs = SERVERS if order.waits else ("kafka",)
    found = find_stack(data, () if order.dry_run else needs)
    journey = journey_named(order.journey, found.settings)
    quiet()
    sent, bad = asyncio.run(_start(order, found, journey))
    if order.waits and sent:
        show_ends(found, sent, order)
    if bad:
        line = f"{bad} bad lines were left out; {len(sent)} were sent"
        raise CliError(line, PARTLY if sent else USAGE)


def _check(order: Order) -> None:
    if order.file is None and not order.partner_data:
        line = "nothing to start: give --nombre, --email, --telefono and --tipo, or a FILE, or -"
        raise CliError(line, USAGE)
    if order.file is not None and order.partner_data:
        raise CliError("give either a FILE or the data by flags, not both", USAGE)


async def _start(order: Order, found: Found, journey: Journey) -> tuple[list[Ready], int]:
    """What was sent, and how many lines were left out."""
    if order.file != STDIN:
        return await send_all(order, found, journey, *_wishes(order)), 0
    batches = batches_of_stdin()
    first = await anext(batches)
    if first and stands_alone(first[0][1]):
        return await stream(order, found, journey, first, batches)
    rest = [line async for batch in batches for line in batch]
    return await send_all(order, found, journey, *wishes_of(joined(first + rest), "stdin")), 0


def _wishes(order: Order) -> tuple[list[Wish], list[str]]:
    if order.file is None:
        return [Wish(order.partner_data, None, "flags")], []
    return wishes_of(lines_of_file(order.file), order.file)
