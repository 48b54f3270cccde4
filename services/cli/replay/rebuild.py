"""`onboarding replay rebuild`: the projection from the topics into new collections, then the swap.

    reading   every record: its event is kept, what the fold needs of it noted
    keeping   of what has left the topics: the events are copied, the sagas keep what they have
    folding   each saga once
    ready     indexes and validators are made; compared with the live ones
    swapped   the new collections are the live ones

Each is told in `meta` as it goes on, so that the same command goes on after any death. The
projection runs meanwhile and writes into both (saga_state/worker.py); no group is touched.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from saga_state.building import Building, Progress, buckets_for, largest_first, ranges
from saga_state.hearing import topics_heard
from saga_state.material_store import MaterialStore
from saga_state.partner_hash import fingerprint
from saga_state.rebuild_store import RebuildStore
from saga_state.store import Database, SagaStore, database
from services.cli.auditing import EVERYBODY, tell_if_possible
from services.cli.errors import NO, PARTLY, USAGE, CliError
from services.cli.options import Output
from services.cli.printing import note, quiet
from services.cli.reaching import mongo_at
from services.cli.replay.rebuild_comparing import at_rest
from services.cli.replay.rebuild_desk import Job, Phase
from services.cli.replay.rebuild_phases import Crew, crew_of, left_of, one_line
from services.cli.replay.rebuild_telling import Rebuilt, say
from services.cli.running_stack import Found, find_stack
from services.cli.topic_logs import open_logs
from services.evidence.log_reading import spans_of
from services.runtime.settings import Settings

TRIES_TO_CATCH_UP, KEPT_SHOWN = 3, 1_000
SWAPS = "the rebuilt projection, of all tenants, becomes the live one"


@dataclass(frozen=True, slots=True)
class Asked:
    """With how many processes, and whether to swap, even if live sagas are lost by it. `by`: who
    asks, if not the user of this machine."""

    workers: int
    swap: bool = False
    lose: bool = False
    output: Output = Output.TABLE
    by: str | None = None


@dataclass(slots=True)
class Site:
    """Where a rebuild goes on, and what is to be told of it."""

    found: Found
    database: Any
    store: RebuildStore
    crew: Crew
    told: Rebuilt

    def material(self, progress: Progress) -> MaterialStore:
        return MaterialStore(self.database, progress.building, len(progress.folded))

    async def do(
        self, phase: Phase, progress: Progress, tasks: Sequence[int], done: int, total: int
    ) -> list[Any]:
        """A phase, and how long it took."""
        begun_at = time.monotonic()
        job = Job(phase, self.found.settings, progress, tasks)
        results = await self.crew.do(phase, job, done, total)
        self.told.took(phase, time.monotonic() - begun_at)
        return results


def rebuild(asked: Asked, data: Path | None) -> None:
    """CliError: 1 the new one differs and was not to be swapped, or somebody else rebuilds; 3 it
    was stopped, and the same command goes on."""
    found = find_stack(data)
    quiet()
    told = asyncio.run(_rebuild(asked, found))
    say(told, asked.output)
    if told.compared.differ and told.stage != "swapped":
        raise CliError("the rebuilt projection differs from the live one", NO)


def drop(data: Path | None) -> None:
    """Give a rebuild up, and say what is gone. CliError (1) if there is none."""
    quiet()
    dropped = asyncio.run(_drop(find_stack(data)))
    names = f"{dropped.events}, {dropped.sagas}"
    note(f"the rebuild is dropped ({names}); the live projection stays as it is")


async def _rebuild(asked: Asked, found: Found) -> Rebuilt:
    async with one_line(found), mongo_at(found.mongo) as client:
        own = database(client, found.settings.prefix)
        await _refuse_other_key(own, found.settings)
        store = RebuildStore(own)
        async with crew_of(asked.workers, store) as crew:
            site = Site(found, own, store, crew, Rebuilt())
            progress = await _built(site, await _begun(site))
            if progress.stage == "swapping" and not asked.swap:
                line = "a swap was stopped half way: `onboarding replay rebuild --swap` ends it"
                raise CliError(line, PARTLY)
            if progress.stage == "ready":
                await _ready(site, progress, asked)
            if asked.swap:
                progress = await _swapped(site, progress, asked.by)
            site.told.stage = progress.stage
            return site.told


async def _refuse_other_key(own: Database, settings: Settings) -> None:
    """CliError (2): under another key nobody would be found by an e-mail address."""
    noted = await SagaStore(own).hash_key()
    if noted is not None and noted != fingerprint(settings.hash_key.get_secret_value().encode()):
        line = "ONBOARDING_HASH_KEY is not here what the projection has"
        raise CliError(f"{line}: set it, or start the projection with this one first", USAGE)


async def _ready(site: Site, progress: Progress, asked: Asked) -> None:
    """Compared with what is live; before a swap it has all that is live, and loses nothing."""
    if asked.swap:
        await _catch_up(site, progress)
    await _compare(site, progress)
    if not asked.swap:
        return
    if (lost := site.told.compared.lost) and not asked.lose:
        some = ", ".join(site.told.compared.some_lost)
        line = f"{lost:,} live sagas are in no record and in no event that is kept, such as {some}"
        raise CliError(f"{line}: nothing was swapped; --lose swaps all the same", NO)
    await _catch_up(site, progress)  # comparing takes its time


async def _drop(found: Found) -> Building:
    async with one_line(found), mongo_at(found.mongo) as client:
        store = RebuildStore(database(client, found.settings.prefix))
        progress = await store.progress()
        if progress is None or progress.is_over:
            raise CliError("no rebuild is under way", NO)
        async with crew_of(1, store):
            await store.drop(progress.building)
        return progress.building


async def _begun(site: Site) -> Progress:
    """The one under way, or a new one."""
    progress = await site.store.progress()
    if progress is None or progress.is_over:
        progress = await site.store.begin(datetime.now(UTC))
    if progress.stage != "begun":
        return progress
    await site.store.open(progress.building)
    settings = site.found.settings
    async with open_logs(settings, topics_heard(settings.prefix)) as logs:
        spans = await spans_of(logs.consumer, logs.partitions)
    records = sum(span.end - span.begin for span in spans)
    return await site.store.plan(progress.building, spans, buckets_for(records))


async def _built(site: Site, progress: Progress) -> Progress:
    """All that is left of it until it is ready."""
    building, enter = progress.building, site.store.enter
    if progress.stage == "reading":
        left, (done, total) = largest_first(progress.spans, progress.read), progress.events
        await site.do("reading", progress, left, done, total)
        site.told.read = total - done
        progress = await enter(building, "keeping")
    if progress.stage == "keeping":
        await _keep(site, progress)
        progress = await enter(building, "folding")
    if progress.stage == "folding":
        await _fold(site, progress, left_of(progress.folded))
        material = site.material(progress)
        await material.drop_notes()
        begun_at = time.monotonic()
        await material.built.ensure()
        site.told.took("indexes", time.monotonic() - begun_at)
        progress = await enter(building, "ready")
    return progress


async def _keep(site: Site, progress: Progress) -> int:
    tasks = range(len(ranges()))
    return sum(await site.do("keeping", progress, tasks, 0, len(tasks)))


async def _fold(site: Site, progress: Progress, buckets: Sequence[int]) -> None:
    total = len(progress.folded)
    await site.do("folding", progress, buckets, total - len(buckets), total)


async def _compare(site: Site, progress: Progress) -> None:
    material, told, tasks = site.material(progress), site.told, range(len(ranges()))
    for one in await site.do("comparing", progress, tasks, 0, len(tasks)):
        told.compared.join(one)
    told.compared = await at_rest(material, told.compared)
    told.events, told.poison = progress.events[1], sum(progress.poison)
    _, told.sagas = await material.count()
    told.kept, told.some_kept = await material.kept(KEPT_SHOWN)


async def _catch_up(site: Site, progress: Progress) -> None:
    """Whatever is live and not in the new one is kept, and folded: also what was kept by one that
    was stopped before it folded. The projector writes to the new one first, so there is nothing;
    an older version of it would not know."""
    for _ in range(TRIES_TO_CATCH_UP):
        missing = await _keep(site, progress)
        await _fold(site, progress, range(len(progress.folded)))
        if not missing:
            return
    line = f"{missing} events are written to the live projection alone, again and again"
    raise CliError(f"{line}: is every worker of saga-state of this version? Nothing was swapped")


async def _swapped(site: Site, progress: Progress, by: str | None) -> Progress:
    await tell_if_possible(site.found, EVERYBODY, by, "replay.swap", reason=SWAPS)
    begun_at = time.monotonic()
    progress = await site.store.swap(progress.building)
    site.told.took("swap", time.monotonic() - begun_at)
    return progress
