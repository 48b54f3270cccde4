"""What the demo tells: each event as it shows up, then timelines, the outcome, what to try."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.text import Text

from saga_state.document import Saga, StoredEvent
from saga_state.event_words import in_time, said_by, words_of
from saga_state.store import SagaStore
from services.cli.demo_starts import DemoStart
from services.cli.printing import cell, console, empty_table
from services.cli.saga_tables import coloured, failure_words, timeline_of
from services.cli.times import duration
from services.cli.up import EXAMPLE

POLL_SECONDS = 0.1
TENANT = "default"


@dataclass(frozen=True, slots=True)
class Told:
    """A start, and what became of it."""

    start: DemoStart
    saga: Saga
    events: Sequence[StoredEvent]


async def follow(store: SagaStore, starts: Sequence[DemoStart], out: Console) -> list[Told]:
    """Until all are over; who calls sets the limit."""
    shown: set[str] = set()
    while True:
        sagas = await store.read_sagas([start.saga_id for start in starts])
        told = [await _told(store, start, sagas) for start in starts if start.saga_id in sagas]
        for one in told:
            _show_new(one, shown, out)
        if len(told) == len(starts) and all(one.start.is_over(one.saga) for one in told):
            return told
        await asyncio.sleep(POLL_SECONDS)


async def _told(store: SagaStore, start: DemoStart, sagas: Mapping[str, Saga]) -> Told:
    """Events are read after their saga: there are at least as many as the saga knows."""
    return Told(start, sagas[start.saga_id], await store.timeline(TENANT, start.saga_id))


def _show_new(one: Told, shown: set[str], out: Console) -> None:
    for event in in_time(one.events):
        if event["_id"] in shown:
            continue
        shown.add(event["_id"])
        line = Text(f"  {one.start.title:<16} ")
        line.append(f"{said_by(event):<15} ", style="bold")
        line.append(f"{event['type']:<29} {words_of(event)}")
        out.print(line, soft_wrap=True)


def timelines(told: Sequence[Told]) -> RenderableType:
    """All events of each, in time."""
    titles = [f"\n{one.start.title}: saga {one.saga['_id']}" for one in told]
    pairs = zip(told, titles, strict=True)
    return Group(*(timeline_of(one.events, console().width, title) for one, title in pairs))


def outcome(told: Sequence[Told]) -> RenderableType:
    """The final table, and whether it is as it should be."""
    table = empty_table("partner", "journey", "status", "failure", "took", "as it should be")
    for one in told:
        right = one.start.is_right(one.saga)
        table.add_row(
            one.start.title,
            one.start.journey,
            coloured(one.saga["status"]),
            failure_words(one.saga),
            duration(one.saga["duration_ms"]),
            Text("yes") if right else Text("no", style="red"),
        )
    return table


def next_steps(folder: Path) -> RenderableType:
    """Commands for another terminal, while everything goes on running."""
    data = f"--data {folder}"
    lines = (
        "everything goes on running; try in another terminal:",
        f"  onboarding list {data}",
        f"  onboarding watch {data}",
        f"  onboarding start {data} --wait {EXAMPLE}",
        f"  onboarding doctor {data}",
        f'  eval "$(onboarding env {data})"',
        "stop with Ctrl-C",
    )
    return Group(*(cell(line) for line in lines))
