"""`onboarding replay export` and `import`: recorded sagas as a file, and such a file taken in."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.text import Text

from contracts.envelope import Record
from saga_state.hearing import events_in
from services.cli.auditing import tell_if_possible
from services.cli.errors import PARTLY, USAGE, CliError
from services.cli.options import Output
from services.cli.printing import answer_one, counted, note, quiet
from services.cli.progress import Bar
from services.cli.replay.archive import Archive, read_archive, write_archive
from services.cli.replay.choosing import Wanted, choose
from services.cli.replay.outcomes import differences, outcome_of
from services.cli.replay.recorded import recorded
from services.cli.replay.rehearsal import rehearse
from services.cli.replay.replaced_records import replaced_record, replacing
from services.cli.replay.sources import Sagas, folder_of, own_reader, sagas_in
from services.cli.running_stack import Found, find_stack, settings
from services.cli.step_rules import check_steps, rules_of
from services.runtime.settings import Settings
from services.steps import all_steps

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Export:
    """Which sagas, into which file, with personal data or without; `by`: who asks."""

    path: Path
    wanted: Wanted
    replaced: bool = False
    by: str = ""
    output: Output = Output.TABLE


def export(asked: Export, data: Path | None) -> None:
    """CliError: 2 the file exists, 3 written, but some sagas come out differently when replaced."""
    asked.wanted.check()
    if asked.path.exists():
        raise CliError(f"{asked.path}: the file exists", USAGE)
    found = find_stack(data, ("kafka",))
    check_steps(found.settings)
    quiet()
    chosen = asyncio.run(choose(found.settings, asked.wanted))
    sagas = without_prefix(chosen.sagas, found.settings.prefix)
    differing: list[str] = []
    if asked.replaced:
        others = replaced_sagas(sagas, found.settings)
        differing = asyncio.run(come_out_differently(sagas, others, found.settings))
        sagas = others
    write_archive(asked.path, Archive(in_time(sagas), asked.replaced))
    if not asked.replaced:
        asyncio.run(_tell_audit(found, asked, sagas))
    _tell(asked.path, sagas, asked.replaced, differing, asked.output)
    if chosen.left_out:
        note(f"{counted(chosen.left_out, 'saga is', 'sagas are')} left out: --limit takes more")
    _judge(differing, "with personal data replaced")


def import_(path: Path, name: str | None, data: Path | None, output: Output) -> None:
    """Takes a file in, whole or not at all. CliError: 2 a line of it is none, or the name is
    taken; 3 taken, but some sagas come out differently here."""
    name = name or path.name.removesuffix(".jsonl")
    if not _NAME.fullmatch(name):
        raise CliError(f"--name {name}: write 1 to 64 of A-Z a-z 0-9 . _ -", USAGE)
    target = folder_of(data) / f"{name}.jsonl"
    if target.exists():
        raise CliError(f"--name {name}: {target} exists; choose another, or remove it", USAGE)
    archive, known = read_archive(path), settings()
    check_steps(known)
    sagas = sagas_in(archive.records, own_reader(known), path)
    differing = asyncio.run(come_out_differently(sagas, None, known))
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_archive(target, archive)
    _tell(target, sagas, archive.replaced, differing, output)
    plays = f"`onboarding replay sandbox --from {name}` plays it"
    note(f"{plays}, `onboarding replay publish {name}` sends it")
    _judge(differing, "by the code and rules of here")


def without_prefix(sagas: Sagas, prefix: str) -> Sagas:
    """As topics stand in a file."""
    return {
        saga_id: [replace(one, topic=one.topic.removeprefix(prefix)) for one in records]
        for saga_id, records in sagas.items()
    }


def replaced_sagas(sagas: Sagas, known: Settings) -> Sagas:
    """The same with personal data replaced."""
    how, reader = replacing(known), own_reader(known)
    return {
        saga_id: [replaced_record(how, event) for event in events_in(records, reader)]
        for saga_id, records in sagas.items()
    }


async def come_out_differently(sagas: Sagas, others: Sagas | None, known: Settings) -> list[str]:
    """The sagas that come out otherwise of the others than of themselves; without others: than is
    recorded. A saga without its start cannot be played, and is not judged."""
    steps, rules, reader = all_steps(), rules_of(known), own_reader(known)
    found = []
    with Bar() as bar:
        bar.begin("verifying", 0, len(sagas))
        for number, (saga_id, records) in enumerate(sagas.items(), 1):
            saga = recorded(saga_id, events_in(records, reader))
            if saga.start is not None:
                now = outcome_of((await rehearse(saga, steps, rules)).events)
                then = outcome_of(saga.events)
                if others is not None:
                    other = recorded(saga_id, events_in(others[saga_id], reader))
                    then, now = now, outcome_of((await rehearse(other, steps, rules)).events)
                changes = differences(then, now)
                if any(one.kind != "wording" and not _is_asked(one.what) for one in changes):
                    found.append(saga_id)
            bar.tell(number)
    return found


def in_time(sagas: Sagas) -> list[Record]:
    """All records, the earliest first."""
    records = [one for some in sagas.values() for one in some]
    return sorted(records, key=lambda o: (o.timestamp_ms, o.topic, o.partition, o.offset))


def _is_asked(what: str) -> bool:
    """What was asked for is replaced; what came of it is what must be the same."""
    return what.startswith("wishes.")


def _tell(path: Path, sagas: Sagas, replaced: bool, differing: list[str], output: Output) -> None:
    records = sum(map(len, sagas.values()))
    told: dict[str, Any] = {
        "file": str(path),
        "sagas": len(sagas),
        "records": records,
        "personal_data": "replaced" if replaced else "kept",
        "differ": differing,
    }
    line = (
        f"{path}: {counted(records, 'record', 'records')} of {counted(len(sagas), 'saga', 'sagas')}"
    )
    answer_one(told, output, Text(f"{line}, personal data {told['personal_data']}"))
    if not replaced:
        note("it may hold personal data, and is readable by you alone; --replaced replaces it")


async def _tell_audit(found: Found, asked: Export, sagas: Sagas) -> None:
    """Of personal data that left: how much, not whose."""
    records = counted(sum(map(len, sagas.values())), "record", "records")
    reason = f"{records} of {counted(len(sagas), 'saga', 'sagas')}, with personal data"
    await tell_if_possible(found, asked.wanted.tenant, asked.by, "replay.export", reason=reason)


def _judge(differing: Sequence[str], why: str) -> None:
    if differing:
        some = ", ".join(differing[:5])
        count = counted(len(differing), "saga comes", "sagas come")
        raise CliError(f"{count} out differently {why}: {some}", PARTLY)
