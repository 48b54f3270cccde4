"""`onboarding dlq redrive` and `discard`: a frozen selection, agreed to by its hash."""

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import typer

from services.cli.auditing import tell_if_possible
from services.cli.dlq_telling import Order, amount, say, told_of
from services.cli.errors import PARTLY, USAGE, CliError
from services.cli.letters_wanted import check_names, letters_and_which
from services.cli.printing import counted, note, progress_bar
from services.cli.running_stack import Found, find_stack
from services.cli.sending import sending
from services.gateway.audit import OF_LETTERS, What
from services.letters.chosen import Act, Pile, hash_of, selected
from services.letters.letter import REDRIVE_ID
from services.letters.sending import in_chunks


def act_on_letters(act: Order, data: Path | None) -> None:
    """All that is selected, or nothing. CliError: 1 nothing or not agreed, 3 partly done."""
    check_names(act.which, act.tenant)
    found = find_stack(data)
    letters, which = asyncio.run(letters_and_which(found, act.which, act.tenant))
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


def _agree(act: Order, chosen: Sequence[Pile]) -> None:
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


async def _act(act: Order, found: Found, chosen: Sequence[Pile], redrive_id: str) -> None:
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
    except CliError as error:
        raise broken_off(error, act, done, len(chosen)) from None
    finally:
        await tell_of_letters(found, act, OF_LETTERS[act.what], chosen[:done], redrive_id)


def broken_off(error: CliError, act: Act, done: int, count: int) -> CliError:
    """CliError (3) if it was some and not all."""
    line = f"{done} of {count} were {act.what}; again does the rest: {error}"
    return CliError(line, PARTLY if done else error.exit_code)


async def tell_of_letters(
    found: Found, act: Act, what: What, done: Sequence[Pile], redrive_id: str
) -> None:
    """In the audit of each tenant whose records they were, one record with their number."""
    for tenant_id, count in Counter(pile[0].tenant_id or "default" for pile in done).items():
        reason = f"{act.reason} ({counted(count, 'letter', 'letters')}, {redrive_id})"
        await tell_if_possible(found, tenant_id, act.by, what, reason=reason)
