"""Where records come from besides the topics: files of exports, and those that were taken in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from contracts.envelope import Event, Record
from contracts.envelope import source_of as source_named
from contracts.journey import JOURNEYS
from contracts.reading import Reader
from saga_state.hearing import events_in
from services.cli.errors import USAGE, CliError
from services.cli.options import DEFAULT_FOLDER
from services.runtime.settings import Settings

Sagas = Mapping[str, Sequence[Record]]
"""The records of each, by its id."""


def folder_of(data: Path | None) -> Path:
    """Where imports are kept."""
    return (data or DEFAULT_FOLDER) / "replays"


def source_of(text: str, data: Path | None) -> Path:
    """The file of that name, or the import. CliError (2) if there is neither."""
    taken = folder_of(data) / f"{text}.jsonl"
    for path in (Path(text), taken):
        if path.is_file():
            return path
    raise CliError(f"{text}: is no file, and no import in {taken.parent}", USAGE)


def sagas_in(records: Iterable[Record], reader: Reader, path: Path) -> Sagas:
    """By saga. CliError (2) names the line of a record that is no event."""
    sagas: dict[str, list[Record]] = {}
    for number, record in enumerate(records, 2):
        event = next(events_in([record], reader), None)
        if event is None:
            raise CliError(f"{path}:{number}: the record is no event that can be read here", USAGE)
        sagas.setdefault(event.context.saga_id, []).append(record)
    return sagas


def own_reader(known: Settings) -> Reader:
    """For records whose topics have no prefix, of whatever tenant."""
    return replace(known.reader(), prefix="", tenants=frozenset())


def is_of_a_step(event: Event) -> bool:
    """Whether a step said it, not a person by the gateway or the command line, or a stranger."""
    steps = {name for journey in JOURNEYS.values() for name in journey.step_names}
    return event.source in {source_named(name) for name in steps}
