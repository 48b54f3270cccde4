"""Follows the sagas of the demo through the projection and tells each event as it shows up."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from saga_state.document import Saga, StoredEvent
from saga_state.store import SagaStore
from services.cli.demo_starts import DemoStart
from services.cli.event_words import said_by, words_of
from services.cli.saga_tables import in_time

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
