"""What a process of a rebuild works with, and what it is to do."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal

from aiokafka import AIOKafkaConsumer

from contracts.reading import Reader
from saga_state.building import Progress
from saga_state.facts import HashOf
from saga_state.material_store import MaterialStore
from saga_state.partner_hash import partner_hash
from saga_state.rebuild_store import RebuildStore
from saga_state.store import database
from services.runtime.mongo import connect
from services.runtime.reading import reading
from services.runtime.settings import Settings

Phase = Literal["reading", "keeping", "folding", "comparing"]


@dataclass(frozen=True, slots=True)
class Job:
    """A phase, and the numbers of its tasks: of spans, of ranges of ids, or of buckets."""

    phase: Phase
    settings: Settings
    progress: Progress
    tasks: Sequence[int]


@dataclass(frozen=True, slots=True)
class Desk:
    """`tell` says how much more of the phase is done; it raises when nobody wants the rest.
    `consumer`: while reading."""

    progress: Progress
    rebuild: RebuildStore
    material: MaterialStore
    consumer: AIOKafkaConsumer | None
    reader: Reader
    hash_of: HashOf
    tell: Callable[[int], None]


@asynccontextmanager
async def desk_for(job: Job, tell: Callable[[int], None]) -> AsyncIterator[Desk]:
    """Connected."""
    settings, progress = job.settings, job.progress
    hash_of = partial(partner_hash, settings.hash_key.get_secret_value().encode())
    async with AsyncExitStack() as open_, connect(settings.mongo.get_secret_value()) as client:
        own, consumer = database(client, settings.prefix), None
        if job.phase == "reading":
            consumer = await open_.enter_async_context(reading(settings))
        material = MaterialStore(own, progress.building, len(progress.folded))
        rebuild = RebuildStore(own)
        yield Desk(progress, rebuild, material, consumer, settings.reader(), hash_of, tell)
