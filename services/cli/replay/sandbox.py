"""`onboarding replay sandbox`: recorded sagas once more in memory, by the rules of today."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from contracts.reading import Reader
from saga_state.hearing import events_in
from services.cli.errors import NO, USAGE, CliError
from services.cli.options import Output
from services.cli.printing import quiet
from services.cli.progress import Bar
from services.cli.replay.archive import read_archive
from services.cli.replay.choosing import Chosen, Wanted, choose, choose_among
from services.cli.replay.outcomes import differences, outcome_of
from services.cli.replay.recorded import Recorded, recorded
from services.cli.replay.rehearsal import Played, rehearse
from services.cli.replay.sandbox_telling import Rehearsed, Tried, say, say_documents
from services.cli.replay.sources import Sagas, own_reader, sagas_in, source_of
from services.cli.running_stack import find_stack, settings
from services.cli.step_rules import check_steps, rules_of
from services.runtime.settings import Settings
from services.steps import all_steps


@dataclass(frozen=True, slots=True)
class Asked:
    """Which sagas, of the topics or of a source; where to stop, and how to tell of them."""

    wanted: Wanted
    source: str | None = None
    until: str | None = None
    reveal: bool = False
    output: Output = Output.TABLE


def sandbox(asked: Asked, data: Path | None) -> None:
    """CliError: 1 something comes out differently, or nothing was chosen."""
    asked.wanted.check()
    known, reader, chosen = _chosen(asked, data)
    if asked.until is not None:
        _show_until(chosen, asked, known, reader)
        return
    tried = asyncio.run(try_all(chosen.sagas, known, reader))
    tried.left_out = chosen.left_out
    say(tried, asked.output)
    if tried.differing:
        raise CliError(f"{len(tried.differing)} of {tried.played} come out differently", NO)


def _chosen(asked: Asked, data: Path | None) -> tuple[Settings, Reader, Chosen]:
    if asked.source is not None:
        known, path = settings(), source_of(asked.source, data)
        check_steps(known)
        reader = own_reader(known)
        sagas = sagas_in(read_archive(path).records, reader, path)
        return known, reader, choose_among(sagas, asked.wanted, reader)
    found = find_stack(data, ("kafka",))
    check_steps(found.settings)
    quiet()
    chosen = asyncio.run(choose(found.settings, asked.wanted))
    return found.settings, found.settings.reader(), chosen


async def try_all(sagas: Sagas, known: Settings, reader: Reader) -> Tried:
    """Each of them played, and compared with what is recorded."""
    steps, rules, tried = all_steps(), rules_of(known), Tried()
    with Bar() as bar:
        bar.begin("playing", 0, len(sagas))
        for number, saga in enumerate(recorded_in(sagas, reader), 1):
            if saga.start is None:
                tried.not_played.append(saga.saga_id)
            else:
                tried.add(compared(saga, await rehearse(saga, steps, rules)))
            bar.tell(number)
    return tried


def recorded_in(sagas: Sagas, reader: Reader) -> Iterator[Recorded]:
    """One after the other: read, they take much more room."""
    for saga_id, records in sagas.items():
        events = [one for one in events_in(records, reader) if one.context.saga_id == saga_id]
        if events:
            yield recorded(saga_id, events)


def compared(saga: Recorded, played: Played) -> Rehearsed:
    """What came out of it, beside what is recorded."""
    before, now = outcome_of(saga.events), outcome_of(played.events)
    context = saga.events[0].context
    return Rehearsed(context, before.status, now.status, differences(before, now), played.assumed)


def _show_until(chosen: Chosen, asked: Asked, known: Settings, reader: Reader) -> None:
    """The step documents of the one saga, at the moment that the event was said."""
    if len(chosen.sagas) != 1:
        line = f"--until stops in one saga, and {len(chosen.sagas)} are chosen: name one by --saga"
        raise CliError(line, USAGE)
    (saga,) = recorded_in(chosen.sagas, reader)
    if saga.start is None:
        raise CliError(f"{saga.saga_id} cannot be played: its start has left the topics", NO)
    until = asked.until or ""
    played = asyncio.run(rehearse(saga, all_steps(), rules_of(known), until))
    if not any(until in (one.name, one.event_id) for one in played.events):
        said = ", ".join(dict.fromkeys(event.name for event in played.events))
        raise CliError(f"--until {until}: it is not said; what is: {said}", NO)
    say_documents(played, asked.reveal, asked.output)
