"""The tasks of a rebuild: a partition is read, a range of ids looked at, a bucket folded."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from contracts.envelope import Event, Record
from saga_state.building import ranges
from saga_state.hearing import events_in
from saga_state.merging import notes_in
from saga_state.notes import Note, note_of
from saga_state.projector import SAGAS_AT_ONCE, fold_into, keep
from services.cli.replay.rebuild_desk import Desk
from services.evidence.log_reading import read


async def read_span(desk: Desk, number: int) -> None:
    """Keep and note the events of a partition; while some are written the next are read."""
    span, building = desk.progress.spans[number], desk.progress.building
    left = replace(span, begin=desk.progress.read[number])
    writing: asyncio.Task[None] | None = None
    assert desk.consumer is not None
    async with asyncio.TaskGroup() as tasks:
        async for records in read(desk.consumer, left):
            events = list(events_in(records, desk.reader))
            notes = [note_of(event, desk.hash_of) for event in events]
            if writing is not None:
                await writing
            writing = tasks.create_task(_keep(desk, number, records, events, notes))
    await desk.rebuild.read_up_to(building, number, span.end, 0)


async def _keep(
    desk: Desk,
    number: int,
    records: Sequence[Record],
    events: Sequence[Event],
    notes: Sequence[Note],
) -> None:
    first, last = records[0].offset, records[-1].offset
    material = desk.material
    await asyncio.gather(
        keep(events, material.built, datetime.now(UTC)),
        material.write_notes(notes, f"{number:04x}/{first:016x}"),
    )
    poison = len(records) - len(events)
    await desk.rebuild.read_up_to(desk.progress.building, number, last + 1, poison)
    desk.tell(len(records))


async def keep_range(desk: Desk, number: int) -> int:
    """See MaterialStore.keep_missing."""
    kept = await desk.material.keep_missing(ranges()[number])
    desk.tell(1)
    return kept


async def fold_bucket(desk: Desk, number: int) -> None:
    """Fold the sagas of a bucket; those that are kept begin with what is live."""
    material = desk.material
    sagas = iter((await material.notes_of(number)).items())
    while some := dict(islice(sagas, SAGAS_AT_ONCE)):
        await fold_into(material.built, some, {})
    kept = iter(await material.kept_in(number))
    while ids := list(islice(kept, SAGAS_AT_ONCE)):
        live, before = await material.live.read_sagas(ids), await material.built.read_sagas(ids)
        noted = {id_: list(notes_in(saga)) for id_, saga in live.items()}
        await fold_into(material.built, noted, before)
    await desk.rebuild.folded(desk.progress.building, number)
    desk.tell(1)
