"""`onboarding dlq redrive` and `discard`: a frozen selection, agreed to by its hash.

What was done is marked on the dead letter topics themselves, chunk by chunk, after it was done. So
the same command again goes on where one was broken off; at worst a chunk is sent twice, which is
harmless, for what is sent has its old ids. `dlq edit` sends by the same way.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import typer

from contracts.envelope import Message, binary, source_of, time_text
from contracts.operator import RedriveRequested
from services.cli.auditing import tell_if_possible
from services.cli.dlq_chosen import Act, Pile, hash_of, selected
from services.cli.dlq_telling import amount, say, told_of
from services.cli.errors import PARTLY, USAGE, CliError
from services.cli.letters import REDRIVE_ID, Letter, Marked, mark_of
from services.cli.letters_wanted import letters_and_which
from services.cli.printing import counted, note, progress_bar
from services.cli.running_stack import Found, find_stack
from services.cli.sending import sending
from services.gateway.audit import What

CHUNK = 100
_AUDITED: Mapping[Marked, What] = {"redriven": "dlq.redrive", "discarded": "dlq.discard"}
Send = Callable[[Sequence[Message]], Awaitable[None]]


def act_on_letters(act: Act, data: Path | None) -> None:
    """All that is selected, or nothing. CliError: 1 nothing or not agreed, 3 partly done."""
    act.which.check()
    found = find_stack(data)
    letters, which = asyncio.run(letters_and_which(found, act.which))
    act = replace(act, which=which)
    chosen, left = selected(letters, act, found.settings.prefix)
    told = told_of(act, chosen, left)
    for why, count in left.items():
        note(f"{counted(count, 'letter is', 'letters are')} left out: {why}")
    if not chosen:
        raise CliError("no letter is to be dealt with: `onboarding dlq list` shows what there is")
    if act.dry_run:
        say(act, chosen, told, f"would be {act.what}")
        return
    _agree(act, chosen)
    redrive_id = str(uuid4())
    asyncio.run(_act(act, found, chosen, redrive_id))
    say(act, chosen, {**told, "done": len(chosen), REDRIVE_ID: redrive_id}, act.what)


def redriven(letter: Letter, act: Act, redrive_id: str, now: datetime) -> Message:
    """The record for its own topic again, headers untouched; or the wish for a parked step."""
    if letter.parked is None:
        kept = tuple(pair for pair in letter.headers if pair[0] != REDRIVE_ID)
        record, headers = letter.record, (*kept, (REDRIVE_ID, redrive_id.encode()))
        return Message(letter.id, letter.told["dlq_topic"], record.key, record.value, headers)
    data = RedriveRequested(step=letter.service, reason=act.reason, requested_by=act.by)
    context, cause = letter.parked.context, letter.parked.event_id
    topic, source = letter.record.topic, source_of("cli")
    return binary(topic, str(uuid4()), source, now, data, context, cause)


def _agree(act: Act, chosen: Sequence[Pile]) -> None:
    made = hash_of(chosen)
    if act.agreed is not None:
        if act.agreed != made:
            line = f"now it is {amount(chosen)} with the hash {made}, not {act.agreed}"
            raise CliError(f"{line}: look again with --dry-run; nothing was done")
        return
    if not sys.stdin.isatty():
        line = f"{amount(chosen)}, hash {made}: to be {act.what} it needs --yes {made}"
        raise CliError(line, USAGE)
    note(f"to be {act.what}: {amount(chosen)}, hash {made}")
    if not typer.confirm("Go on?", err=True):
        raise CliError("nothing was done")


async def _act(act: Act, found: Found, chosen: Sequence[Pile], redrive_id: str) -> None:
    done = 0
    try:
        async with sending(found.settings) as sender:
            with progress_bar() as progress:
                task = progress.add_task(act.what, total=len(chosen))

                def tell(count: int) -> None:
                    nonlocal done
                    done = count
                    progress.update(task, completed=count)

                await in_chunks(chosen, act, redrive_id, sender.send, tell)
    finally:
        await tell_of_letters(found, act, _AUDITED[act.what], chosen[:done], redrive_id)


async def tell_of_letters(
    found: Found, act: Act, what: What, done: Sequence[Pile], redrive_id: str
) -> None:
    """In the audit of each tenant whose records they were, one record with their number."""
    for tenant_id, count in Counter(pile[0].tenant_id for pile in done).items():
        reason = f"{act.reason} ({counted(count, 'letter', 'letters')}, {redrive_id})"
        await tell_if_possible(found, tenant_id, act.by, what, reason=reason)


async def in_chunks(
    chosen: Sequence[Pile], act: Act, redrive_id: str, send: Send, tell: Callable[[int], None]
) -> None:
    """All, chunk by chunk; `tell` hears how many are done. CliError (3) if it was only some."""
    for first in range(0, len(chosen), CHUNK):
        try:
            await deal_with(chosen[first : first + CHUNK], act, redrive_id, send)
        except CliError as error:
            line = f"{first} of {len(chosen)} were {act.what}; again does the rest: {error}"
            raise CliError(line, PARTLY if first else error.exit_code) from None
        tell(min(first + CHUNK, len(chosen)))


async def deal_with(piles: Sequence[Pile], act: Act, redrive_id: str, send: Send) -> None:
    """Send, and when all is acknowledged the marks; a wish is its own mark."""
    now = datetime.now(UTC)
    if act.what == "redriven":
        await send([redriven(pile[0], act, redrive_id, now) for pile in piles])
    letters = [one for pile in piles for one in pile]
    marked = [one for one in letters if one.parked is None or act.what == "discarded"]
    at = time_text(now)
    await send([mark_of(one, act.what, redrive_id, act.reason, act.by, at) for one in marked])
