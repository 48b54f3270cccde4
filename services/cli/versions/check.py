"""`onboarding journeys check`: whether other code would strand sagas that are on their way."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.text import Text

from saga_state.document import StoredEvent
from saga_state.under_way import OnItsWay, UnderWay, Waiting
from services.cli.errors import NO, CliError
from services.cli.options import Output
from services.cli.printing import answer, counted, note, progress_bar
from services.cli.projection import open_under_way
from services.cli.running_stack import Found, find_stack
from services.cli.versions.code import Code, Key, Row, other_code, this_code
from services.cli.versions.stranding import START, Readers, Reason, changes_of, hears


@dataclass(slots=True)
class Checked:
    """What was found: by reason how many sagas would be stranded, and one of them.

    `later`: the versions of which completed sagas could not be undone any more.
    """

    waiting: Sequence[Waiting]
    stranded: dict[Reason, tuple[int, str | None]] = field(default_factory=dict)
    later: Sequence[Key] = ()

    @property
    def total(self) -> str:
        return counted(sum(one["count"] for one in self.waiting), "saga is", "sagas are")

    def add(self, reason: Reason, count: int, example: str | None = None) -> None:
        before, first = self.stranded.get(reason, (0, example))
        self.stranded[reason] = before + count, first

    def rows(self) -> list[dict[str, Any]]:
        return [
            {
                "journey": _label(reason.journey),
                "waits for": reason.step,
                "sagas": count,
                "why": reason.what,
                "such as": example,
            }
            for reason, (count, example) in self.stranded.items()
        ]


def check_journeys(data: Path | None, against: str, output: Output) -> None:
    """CliError (1) if any saga under way would be stranded."""
    found = find_stack(data, ("mongo",))
    checked = asyncio.run(_checked(found, this_code(), other_code(against)))
    for key in checked.later:
        note(f"completed sagas of {_label(key)} could not be undone any more by {against}")
    if checked.stranded:
        answer(checked.rows(), output)
        raise CliError(f"{against} would strand sagas; {checked.total} on the way", NO)
    line = f"{against} would strand none; {checked.total} on the way"
    answer([], output, Text(line))


async def _checked(found: Found, ours: Code, theirs: Code) -> Checked:
    async with open_under_way(found) as under_way:
        checked = Checked(await under_way.counts())
        for one in checked.waiting:
            rows = ours.journeys.get(_key(one)), theirs.journeys.get(_key(one))
            if why := changes_of(one["steps"], *rows):
                checked.add(Reason(_key(one), one["step"], why), one["count"])
        await _check_events(under_way, theirs, checked)
        other = [key for key, rows in ours.journeys.items() if _is_other(rows, theirs, key)]
        checked.later = [key for key in other if await under_way.has_completed(*key)]
    return checked


def _is_other(rows: Sequence[Row], theirs: Code, key: Key) -> bool:
    return changes_of([row.step for row in rows], rows, theirs.journeys.get(key)) is not None


async def _check_events(under_way: UnderWay, theirs: Code, checked: Checked) -> None:
    """Of each saga the events that its next step hears, as they were said."""
    stranded, readers = {reason.journey for reason in checked.stranded}, Readers(theirs)
    with progress_bar() as progress:
        total = sum(one["count"] for one in checked.waiting)
        task = progress.add_task("sagas under way", total=total)
        for key in sorted({_key(one) for one in checked.waiting} - stranded):
            async for sagas, events in _batches(under_way, theirs, key):
                for saga, why in _unread(sagas, events, theirs.journeys[key], readers):
                    step = saga["current_step"]
                    checked.add(Reason(key, step, f"{step} {why}"), 1, saga["_id"])
                progress.advance(task, len(sagas))


async def _batches(
    under_way: UnderWay, theirs: Code, key: Key
) -> AsyncIterator[tuple[list[OnItsWay], list[StoredEvent]]]:
    async for sagas in under_way.sagas(*key):
        types = {name for saga in sagas for name in hears(theirs.journeys[key], saga)}
        yield sagas, await under_way.events_of(sagas, types)


def _unread(
    sagas: Sequence[OnItsWay],
    events: Sequence[StoredEvent],
    rows: Sequence[Row],
    readers: Readers,
) -> Iterator[tuple[OnItsWay, str]]:
    said: dict[str, list[StoredEvent]] = defaultdict(list)
    for event in events:
        said[event["saga_id"]].append(event)
    for saga in sagas:
        names = hears(rows, saga)
        own = [event for event in said[saga["_id"]] if event["type"] in names]
        if not own and START not in names:
            yield saga, f"hears {' or '.join(names)}, which was not said"
        yield from ((saga, why) for event in own if (why := readers.why_not(event)))


def _key(one: Waiting) -> Key:
    return one["journey"], one["journey_version"]


def _label(key: Key) -> str:
    return f"{key[0]}/{key[1]}"
