"""`onboarding dlq redrive` and `discard`: a frozen selection, agreed to by its hash.

What was done is marked on the dead letter topics themselves, chunk by chunk, after it was done. So
the same command again goes on where one was broken off; at worst a chunk is sent twice, which is
harmless, for what is sent has its old ids. `dlq edit` sends by the same way.
"""

import asyncio
import hashlib
import sys
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import typer
from rich.progress import Progress
from rich.text import Text

from contracts.envelope import Message, binary, source_of, time_text
from contracts.events import event_names
from contracts.operator import RedriveRequested
from contracts.topics import event_topic
from services.cli.dlq import Which
from services.cli.errors import PARTLY, USAGE, CliError
from services.cli.letter_topics import letters_of
from services.cli.letters import REDRIVE_ID, Letter, Marked, mark_of
from services.cli.options import Output
from services.cli.printing import answer_one, console, note
from services.cli.running_stack import Found, find_stack
from services.cli.sending import sending
from services.cli.times import time_of_day

CHUNK = 100
Send = Callable[[Sequence[Message]], Awaitable[None]]
Pile = Sequence[Letter]
"""The letters of one record: each service that could not read it has its own. It is sent once."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be done, why, by whom; `agreed` is the hash that was agreed to, if any."""

    what: Marked
    which: Which
    reason: str
    by: str
    again: bool = False
    dry_run: bool = False
    agreed: str | None = None
    output: Output = Output.TABLE


def act_on_letters(act: Act, data: Path | None) -> None:
    """All that is selected, or nothing. CliError: 1 nothing or not agreed, 3 partly done."""
    act.which.check()
    found = find_stack(data)
    letters = asyncio.run(letters_of(found))
    chosen, left = selected(letters, act, found.settings.prefix)
    told = _told(act, chosen, left)
    for why, count in left.items():
        note(f"{count} are left out: {why}")
    if not chosen:
        raise CliError("no letter is to be dealt with: `onboarding dlq list` shows what there is")
    if act.dry_run:
        _say(act, told, f"would be {act.what}")
        return
    _agree(act, chosen)
    redrive_id = str(uuid4())
    asyncio.run(_act(act, found, chosen, redrive_id))
    _say(act, {**told, "done": len(chosen), REDRIVE_ID: redrive_id}, act.what)


def selected(
    letters: Sequence[Letter], act: Act, prefix: str
) -> tuple[list[Pile], Mapping[str, int]]:
    """Those that wait and are wanted, by record; how many are left out, by the reason."""
    piles: dict[str, Pile] = {}
    left: Counter[str] = Counter()
    known = {event_topic(name, prefix) for name in event_names()}
    same = defaultdict[str, list[Letter]](list)
    for one in letters:
        same[one.id].append(one)
    for one in filter(act.which, letters):
        if one.id in piles or not _waits(one, act):
            continue
        if act.what == "redriven" and (why := _why_not(one, act, known)):
            left[why] += 1
        else:
            piles[one.id] = _pile(one, same[one.id], act)
    return list(piles.values()), left


def twins_of(letter: Letter, letters: Iterable[Letter]) -> Pile:
    """It, and the letters that other services have of the same record."""
    twins = [one for one in letters if one.id == letter.id and one.place != letter.place]
    return [letter, *(one for one in twins if one.now == "open")]


def hash_of(piles: Iterable[Pile]) -> str:
    """The same for the same letters; another if one came or went."""
    places = "\n".join(sorted(one.place for pile in piles for one in pile))
    return hashlib.sha256(places.encode()).hexdigest()[:12]


def _waits(one: Letter, act: Act) -> bool:
    return one.now == "open" or (act.again and one.now == "redriven" and one.parked is None)


def _pile(one: Letter, letters: Iterable[Letter], act: Act) -> Pile:
    """Sent again, the record comes to all of its hearers; it is discarded of those named only."""
    twins = twins_of(one, letters)
    return twins if act.what == "redriven" else [twin for twin in twins if act.which(twin)]


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


def _why_not(letter: Letter, act: Act, known: set[str]) -> str | None:
    if letter.parked is not None:
        return None
    if letter.told.get("dlq_topic") not in known:
        return "their topic is none of this system"
    if letter.left_out:
        return f"too large to have been copied whole ({letter.left_out}): send the original again"
    if letter.was_redriven and not act.again:
        return "they were redriven before, and came back: mend the cause, then --again"
    return None


def _told(act: Act, chosen: Sequence[Pile], left: Mapping[str, int]) -> dict[str, Any]:
    times = [pile[0].at for pile in chosen]
    return {
        "action": act.what,
        "count": len(chosen),
        "parked_steps": sum(pile[0].parked is not None for pile in chosen),
        "hash": hash_of(chosen),
        "oldest": min(times, default=None),
        "newest": max(times, default=None),
        "left_out": dict(left),
    }


def _say(act: Act, told: dict[str, Any], how: str) -> None:
    between = f"{time_of_day(told['oldest'])} to {time_of_day(told['newest'])}"
    line = f"{how}: {told['count']} letters ({told['parked_steps']} parked steps), {between}"
    has_tail = act.dry_run or act.what == "redriven"
    tail = f", hash {told['hash']}" if act.dry_run else f", redrive id {told[REDRIVE_ID]}"
    answer_one(told, act.output, Text(f"{line}{tail if has_tail else ''}"))


def _agree(act: Act, chosen: Sequence[Pile]) -> None:
    made = hash_of(chosen)
    if act.agreed is not None:
        if act.agreed != made:
            line = f"now it is {len(chosen)} letters with the hash {made}, not {act.agreed}"
            raise CliError(f"{line}: look again with --dry-run; nothing was done")
        return
    if not sys.stdin.isatty():
        line = f"{len(chosen)} letters, hash {made}: to be {act.what} they need --yes {made}"
        raise CliError(line, USAGE)
    note(f"{len(chosen)} letters, hash {made}, are to be {act.what}")
    if not typer.confirm("Go on?", err=True):
        raise CliError("nothing was done")


async def _act(act: Act, found: Found, chosen: Sequence[Pile], redrive_id: str) -> None:
    async with sending(found.settings) as sender:
        with Progress(console=console(to_stderr=True), transient=True) as progress:
            task = progress.add_task(act.what, total=len(chosen))

            def tell(done: int) -> None:
                progress.update(task, completed=done)

            await in_chunks(chosen, act, redrive_id, sender.send, tell)


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
