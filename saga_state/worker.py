"""saga_state as a process: one agent over all topics, which only listens.

This is the projector's wiring, and the one module here that stands on services.runtime: the
batches that lose nothing exist once. Nothing else in saga_state knows of it.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog

from contracts import poison
from contracts.envelope import Event, Record
from contracts.journey import JOURNEYS
from contracts.operator import OPERATOR_EVENTS, read_operator_event
from contracts.poison import PoisonError
from contracts.reading import Reader
from saga_state import metrics
from saga_state.facts import HashOf
from saga_state.hearing import SERVICE, dead_letter_topics, topics_heard
from saga_state.partner_hash import fingerprint, partner_hash
from saga_state.projector import Keeper, Projected, Reused, project
from saga_state.store import SagaStore, database, transient
from saga_state.traced_keeper import TracedKeeper
from saga_state.under_way import UnderWay
from services.runtime.agent import Intake
from services.runtime.counting import Counting
from services.runtime.dead_letters import Poisoned
from services.runtime.delivery import read
from services.runtime.metrics import REGISTRY
from services.runtime.patience import patiently
from services.runtime.process import Ground, Work, run_process, utc_now

# A backlog comes topic by topic. A larger batch holds more topics, so that several events of a saga
# fold into one write; larger still would cost memory.
BATCHES_OF_A_STEP = 2
SHOW_PAUSE_SECONDS = 15.0
_COUNTING = Counting(SERVICE)
log = structlog.get_logger()


def run() -> None:
    """Run one worker of the projection until it is told to stop."""
    run_process(SERVICE, _prepare)


async def _prepare(ground: Ground) -> Work:
    settings = ground.settings
    store = SagaStore(database(ground.mongo, settings.prefix))
    await patiently("mongo", ground.vitals, store.ensure, transient)
    key = settings.hash_key.get_secret_value().encode()
    hash_of, noted = partial(partner_hash, key), partial(store.note_hash_key, fingerprint(key))
    await patiently("mongo", ground.vitals, noted, transient)
    metrics.begin()
    REGISTRY.register(metrics.REGISTRY)
    everything = Intake(
        topics_heard(settings.prefix),
        most=settings.batch_max * BATCHES_OF_A_STEP,
        linger_seconds=settings.projection_linger_ms / 1000,
    )
    return Work(
        intakes=[everything],
        journeys=[journey.label for journey in JOURNEYS.values()],
        on_batch=partial(_on_batch, ground, settings.reader(), store, hash_of),
        on_tick=_nothing,
        on_stop=_nothing,
        beside=partial(_show, UnderWay(database(ground.mongo, settings.prefix))),
    )


def read_all(batch: Sequence[Record], reader: Reader) -> tuple[list[Event], list[Poisoned]]:
    """The events of a batch, and what is set aside: nothing of a dead letter topic, where copies
    of records are skipped."""
    letters = frozenset(dead_letter_topics(reader.prefix, reader.journeys))
    events, poisoned = read([one for one in batch if one.topic not in letters], reader)
    told = (read_operator_event(one, reader) for one in batch if one.topic in letters)
    return [*events, *(event for event in told if event is not None)], poisoned


async def _on_batch(
    ground: Ground, reader: Reader, store: SagaStore, hash_of: HashOf, batch: Sequence[Record]
) -> None:
    """Read, project, say what could not be read or contradicts; then the batch is done."""
    events, poisoned = read_all(batch, reader)
    seen: Keeper = store
    if ground.tracing is not None:
        events = ground.tracing.hears(events)
        seen = TracedKeeper(store, ground.tracing.asks_mongo)
    projected: Projected = await patiently(
        "mongo", ground.vitals, lambda: project_everywhere(events, store, hash_of, seen), transient
    )
    poisoned += [_reused(one) for one in projected.reused if not _is_of_operators(one)]
    await ground.log.publish([one.letter(SERVICE, reader.prefix) for one in poisoned])
    for one in poisoned:
        _COUNTING.dead_letter(one.error.error_class, one.record)
    metrics.count(projected.turns, min((one.time for one in events), default=None), utc_now())
    log.info("batch.projected", records=len(batch), sagas=len(projected.sagas))


async def project_everywhere(
    events: Sequence[Event], store: SagaStore, hash_of: HashOf, seen: Keeper | None = None
) -> Projected:
    """Into what a rebuild fills, if one is under way, then into what people see. In this order: a
    swap may come between, and then the second goes to what would lack it. `seen` is the store of
    what people see, if it is a traced one."""
    building = await store.building()
    if building is not None:
        await project(events, building, hash_of, utc_now())
    return await project(events, seen or store, hash_of, utc_now())


def _is_of_operators(reused: Reused) -> bool:
    return (reused.event.name, reused.event.version) in OPERATOR_EVENTS


def _reused(reused: Reused) -> Poisoned:
    topic, partition, offset = reused.other
    text = f"the event at {topic}/{partition}/{offset} has the same source and id, another body"
    return Poisoned(reused.event.record, PoisonError(poison.ID_REUSED, text))


async def _show(under_way: UnderWay) -> None:
    """Again and again: how many sagas stand where, for the metrics. If MongoDB is away the next
    time will do."""
    while True:
        now = utc_now()
        try:
            metrics.show(await under_way.now(now), now)
        except Exception as error:
            if not transient(error):
                raise
        await asyncio.sleep(SHOW_PAUSE_SECONDS)


async def _nothing() -> None:
    """The projection has nothing to do between batches."""
