"""`onboarding start`: publishes starts from flags, a file or stdin."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

from contracts.facts import ContractType, PartnerKind
from contracts.journey import Journey
from services.cli.errors import PARTLY, USAGE, CliError
from services.cli.options import Output, one_of
from services.cli.printing import note, quiet
from services.cli.running_stack import SERVERS, Found, find_stack
from services.cli.sending import sending
from services.cli.start_input import (
    Line,
    Wish,
    batches_of_stdin,
    joined,
    lines_of_file,
    stands_alone,
    wishes_of,
)
from services.cli.start_messages import STDIN, Order, Ready, all_ready, journey_named
from services.cli.start_words import left_out, show_ends, show_ids, show_streamed, tell_bad


def start_partners(order: Order, data: Path | None) -> None:
    """Returns if all was sent and, with a wait, is COMPLETED. CliError: 3 some, 1 none, 2 bad."""
    _check(order)
    needs = SERVERS if order.waits else ("kafka",)
    found = find_stack(data, () if order.dry_run else needs)
    if known := sorted(found.settings.tenants):
        one_of("--tenant", order.tenant, known)
    journey = journey_named(order.journey, found.settings)
    quiet()
    sent, bad = asyncio.run(_start(order, found, journey))
    if order.waits and sent:
        show_ends(found, sent, order)
    if bad:
        raise CliError(left_out(bad, len(sent)), PARTLY if sent else USAGE)


def _check(order: Order) -> None:
    if order.file is None and not order.partner_data:
        line = "nothing to start: give --nombre, --email, --telefono and --tipo, or a FILE, or -"
        raise CliError(line, USAGE)
    if order.file is not None and order.partner_data:
        raise CliError("give either a FILE or the data by flags, not both", USAGE)
    if order.correlation_id == "":
        raise CliError("--correlation-id: write an id that is not empty, or leave it out", USAGE)
    one_of("--tipo", order.partner_data.get("tipo_partner"), get_args(PartnerKind))
    one_of("--contract", order.partner_data.get("preferred_contract_type"), get_args(ContractType))


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


async def send_all(
    order: Order, found: Found, journey: Journey, wishes: Sequence[Wish], bad: Sequence[str]
) -> list[Ready]:
    """What was sent. CliError (2) names the first bad line; the others are told before."""
    wishes = _correlated(order, wishes)
    starts, unreadable = all_ready(wishes, journey, order.tenant, found.settings)
    if wrong := [*bad, *unreadable]:
        tell_bad(wrong[1:])
        raise CliError(f"{wrong[0]}; nothing was sent", USAGE)
    if not starts:
        raise CliError("nothing to start: stdin holds no JSON object", USAGE)
    if order.dry_run:
        note(f"would be sent as {journey.label}: {len(starts)}; nothing was")
    else:
        async with sending(found.settings) as sender:
            await sender.send([start.message for start in starts])
    show_ids(starts, order)
    return starts


def _correlated(order: Order, wishes: Sequence[Wish]) -> Sequence[Wish]:
    if order.correlation_id is None:
        return wishes
    if len(wishes) > 1:
        raise CliError("--correlation-id is for one start; put one into each line", USAGE)
    return [replace(wish, correlation_id=order.correlation_id) for wish in wishes]


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
