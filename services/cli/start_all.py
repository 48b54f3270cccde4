"""Starts that are known before the first is sent: all of them are sent or, if one is bad, none."""

from collections.abc import Sequence
from dataclasses import replace

from contracts.journey import Journey
from services.cli.errors import USAGE, CliError
from services.cli.printing import note
from services.cli.running_stack import Found
from services.cli.sending import sending
from services.cli.start_input import Wish
from services.cli.start_messages import Ready, all_ready
from services.cli.start_order import Order
from services.cli.start_words import show_ids, tell_bad


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
