"""`onboarding capture`: reads a saga, tries whether it can be played, and writes the test."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from saga_state.document import Saga, StoredEvent
from saga_state.event_words import in_time
from saga_state.status import ENDED
from services.cli.capture.captured import Captured
from services.cli.capture.playing import Played, played, played_on
from services.cli.capture.recording import captured
from services.cli.capture.source import as_expected, as_recorded
from services.cli.errors import NO, USAGE, CliError
from services.cli.options import one_of
from services.cli.printing import note, write_line
from services.cli.projection import newest_saga, open_projection
from services.cli.replaced_values import Replacing
from services.cli.running_stack import Found, find_stack
from services.cli.step_documents import documents_of
from services.registration.rules import RegistrationRules
from services.steps import all_steps

Rules = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Read:
    """All that was recorded of a saga, and the rules that its steps have here."""

    saga: Saga
    events: Sequence[StoredEvent]
    documents: Mapping[str, Mapping[str, Any]]
    rules: Rules


def capture(
    data: Path | None, tenant: str, text: str, file: Path | None, expected: str | None
) -> None:
    """Writes the test. CliError: 1 if the saga cannot be played, or does not go as it was recorded
    (the test is written all the same); 2 usage, or the file exists."""
    one_of("--expect", expected, sorted(ENDED))
    found = find_stack(data, ("mongo",))
    read = asyncio.run(_read(found, tenant, text))
    recorded = Played(read.saga, None)
    made = _captured(read, _replacing(read.rules))
    now = datetime.now(UTC)
    if expected is None:
        source = as_recorded(made, recorded, now)
    else:
        source = as_expected(made, recorded, now, expected)
    _write(source, file)
    _judge(read, made, recorded, expected)


def _captured(read: Read, how: Replacing | None) -> Captured:
    steps = all_steps()
    return captured(read.saga, read.events, read.documents, steps, read.rules, how)


def _replacing(rules: Rules) -> Replacing:
    """Under a key that nobody keeps. Domains that the rules deny stay denied."""
    registration = RegistrationRules.model_validate(rules.get("registration", {}))
    return Replacing(secrets.token_bytes(32), registration.denied_email_domains)


def _write(source: str, file: Path | None) -> None:
    if file is None:
        write_line(source.rstrip())
        return
    try:
        with file.open("x") as out:
            out.write(source)
    except FileExistsError:
        raise CliError(f"{file}: the file exists", USAGE) from None
    note(f"wrote {file}: `python -m pytest {file}`")


def _judge(read: Read, made: Captured, recorded: Played, expected: str | None) -> None:
    """Whether the test is what it is said to be, with the code that is here."""
    if expected is not None:
        if played_on(made).status == expected:
            note(f"with the code that is here it ends {expected}: the test is green already")
        return
    again = played(made)
    if differs(again, recorded) is None:
        return
    as_it_was = played(_captured(read, None))
    line = f"{read.saga['_id']} does not go as it was recorded: {differs(again, recorded)}"
    if differs(as_it_was, recorded) is None:
        raise CliError(f"{line}; with the data unchanged it does: what matters was replaced", NO)
    why = "the code or the rules are others, or it cannot be played in memory"
    raise CliError(f"{line}: {why}; the test is red", NO)


def differs(again: Played, recorded: Played) -> str | None:
    """In what; None: in nothing that the test asserts."""
    if again.departed:
        return f"not said: {again.departed}"
    if (again.status, again.failure) != (recorded.status, recorded.failure):
        return f"it is {again.status} {again.failure or ''}".strip()
    changed = [name for name, state in recorded.steps.items() if again.steps.get(name) != state]
    return ", ".join(f"{name} is {again.steps.get(name)}" for name in changed) or None


async def _read(found: Found, tenant: str, text: str) -> Read:
    async with open_projection(found) as store:
        saga, _ = await newest_saga(store, tenant, text)
        events = in_time(await store.timeline(tenant, saga["_id"]))
    documents = await documents_of(found, saga)
    rules = {step.name: getattr(found.settings, f"{step.name}_rules", {}) for step in all_steps()}
    return Read(saga, events, documents, rules)
