"""`onboarding dlq edit`: a letter's value into a file, and a changed file to its topic again."""

import asyncio
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from rich.text import Text

from contracts.envelope import Event
from services.cli.auditing import tell_if_possible
from services.cli.errors import USAGE, CliError
from services.cli.letter_topics import letters_of
from services.cli.letters_wanted import the_one
from services.cli.options import Output
from services.cli.printing import answer_one, note
from services.cli.running_stack import Found, find_stack
from services.cli.sending import sending
from services.letters.changing import StillBadError, edited, event_in, headers_in
from services.letters.chosen import Act, Pile, Which, twins_of
from services.letters.letter import REDRIVE_ID, Letter
from services.letters.sending import deal_with
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Edit:
    """Which letter; the file that its value is written to, or the file that is sent for it.

    `headers` are set on what is sent, in the place of those of the same name. `again`: also if it
    was dealt with before.
    """

    ref: str
    to_file: Path | None
    from_file: Path | None
    headers: Mapping[str, str]
    reason: str
    by: str
    again: bool = False
    dry_run: bool = False
    output: Output = Output.TABLE


def edit_letter(edit: Edit, data: Path | None) -> None:
    """CliError: 2 usage, 1 if it is not there, was dealt with, or could still not be read."""
    if (edit.to_file is None) == (edit.from_file is None):
        line = "give --to FILE to write its value, or --from FILE to send a changed one"
        raise CliError(line, USAGE)
    value = None if edit.from_file is None else _value_of(edit.from_file)
    found = find_stack(data)
    letters = asyncio.run(letters_of(found))
    letter = the_one(letters, edit.ref)
    if letter.parked is not None:
        line = "a parked step has no value to edit: `onboarding dlq redrive` tries it again"
        raise CliError(line, USAGE)
    if edit.to_file is not None:
        _write(letter, edit.to_file)
    elif value is not None:
        check_waits(letter, edit.again)
        changed = edited(letter, value, edit.headers)
        _send(twins_of(changed, letters), edit, found)


def check_waits(letter: Letter, again: bool) -> None:
    """CliError (1) says what became of a letter that was dealt with, unless `again`."""
    if again or letter.mark is None:
        return
    told = letter.mark
    became = f"was {letter.now} by {told.get('dlq_by', '')} at {told.get('dlq_at', '')}"
    line = f"{letter.id} {became} ({told.get('dlq_reason', '')}); nothing was sent"
    raise CliError(f"{line}: --again sends it all the same")


def headers_given(texts: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE`, each; CliError (2)."""
    try:
        return headers_in(texts)
    except ValueError as error:
        raise CliError(f"--header {error}: write NAME=VALUE", USAGE) from None


def command_for(letter: Letter, path: Path) -> str:
    """What a shell takes to send the file in the letter's place, but for the reason."""
    told = f"onboarding dlq edit {letter.id} --from {shlex.quote(str(path))} --reason '...'"
    return f"{told} --again" if letter.mark is not None else told


def _value_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CliError(f"--from {path}: {error.strerror}", USAGE) from None


def _write(letter: Letter, path: Path) -> None:
    """Readable by its owner alone: it may be personal. None that exists is written over."""
    if "value" in letter.left_out:
        raise CliError(f"its value was too large to be copied: read it at {letter.came_from}")
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CliError(f"--to {path}: the file exists", USAGE) from None
    with os.fdopen(handle, "wb") as file:
        file.write(letter.record.value or b"")
    note(f"wrote {path}; it may hold personal data. Send it: {command_for(letter, path)}")


def _send(pile: Pile, edit: Edit, found: Found) -> None:
    if not edit.reason:
        raise CliError("--reason: say why, for whoever looks at the marks", USAGE)
    event, redrive_id = _event_in(pile[0], found.settings), str(uuid4())
    if not edit.dry_run:
        act = Act("redriven", Which(), edit.reason, edit.by)
        asyncio.run(_deal_with(pile, act, redrive_id, found, event))
    _tell(pile[0].id, event, redrive_id, edit)


def _event_in(letter: Letter, settings: Settings) -> Event:
    """CliError (1) if its hearers could not read it."""
    try:
        return event_in(letter, settings.reader(), settings.prefix)
    except StillBadError as error:
        raise CliError(f"{error}; nothing was sent") from None


def _tell(letter_id: str, event: Event, redrive_id: str, edit: Edit) -> None:
    told = {
        "id": letter_id,
        "topic": event.record.topic,
        "event": event.name,
        "saga_id": event.context.saga_id,
        "sent": not edit.dry_run,
        REDRIVE_ID: redrive_id,
    }
    how = "would be sent" if edit.dry_run else "sent"
    line = f"{how}: {event.name} of saga {event.context.saga_id} to {event.record.topic}"
    answer_one(told, edit.output, Text(line))


async def _deal_with(pile: Pile, act: Act, redrive_id: str, found: Found, event: Event) -> None:
    async with sending(found.settings) as sender:
        await deal_with([pile], act, redrive_id, sender.send)
    told = {"saga_id": event.context.saga_id, "reason": act.reason}
    await tell_if_possible(found, event.context.tenant_id, act.by, "dlq.edit", **told)
