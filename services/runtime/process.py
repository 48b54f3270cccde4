"""The process of a service, from start to stop: settings, checks, health, agent, ticks."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import faust
import structlog

from contracts.envelope import Record
from services.runtime import metrics
from services.runtime.agent import Intake, OnBatch, StartError, build_app, check_faust
from services.runtime.health import start_health
from services.runtime.heap import collect_rarely, keep_little
from services.runtime.instance import new_instance
from services.runtime.kafka import KafkaLog
from services.runtime.kafka_access import check as check_kafka
from services.runtime.kafka_rights import check_rights
from services.runtime.lifecycle import (
    beat_for_ever,
    end,
    first_error,
    refuse,
    run_until_told,
    stop_on_signals,
)
from services.runtime.log_ends import stop_past_the_end
from services.runtime.mongo import Client, connect
from services.runtime.mongo import check as check_mongo
from services.runtime.process_store import InstanceStore
from services.runtime.rights import rights
from services.runtime.settings import Settings
from services.runtime.signs import ask_a_broker, watch_servers
from services.runtime.topics import until_there
from services.runtime.traces import tracing_of
from services.runtime.vitals import Vitals, fail_stop, where

if TYPE_CHECKING:
    from services.runtime.tracing.spans import Tracing

INSTANCE_PAUSE_SECONDS = 5.0
LOOK_PAUSE_SECONDS = 0.5
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ground:
    """What a process stands on."""

    name: str
    settings: Settings
    vitals: Vitals
    log: KafkaLog
    mongo: Client
    instance: str
    tracing: "Tracing | None" = None


@dataclass(frozen=True, slots=True)
class Work:
    """What a process does: with a batch, at each tick, beside both, at the end; what it takes."""

    intakes: Sequence[Intake]
    journeys: Sequence[str]
    on_batch: OnBatch
    on_tick: Callable[[], Awaitable[object]]
    on_stop: Callable[[], Awaitable[object]]
    beside: Callable[[], Awaitable[None]] | None = None


Prepare = Callable[[Ground], Awaitable[Work]]


def utc_now() -> datetime:
    """The time of what is said; milliseconds, which is what MongoDB keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def run_process(name: str, prepare: Prepare) -> None:
    """Run until SIGTERM or SIGINT (exit 0). Exit 2: wrong settings, or a
    server refuses us. Exit 70: fail-stop."""
    keep_little()
    try:
        check_faust()
    except StartError as error:
        refuse(error)
    run_until_told(name, partial(_main, name, prepare))


async def _main(name: str, prepare: Prepare, settings: Settings, vitals: Vitals) -> None:
    instance = new_instance()
    tracing = tracing_of(name, settings, instance)
    stop = stop_on_signals(vitals)
    health = await start_health(name, settings, vitals)
    async with connect(settings.mongo.get_secret_value()) as mongo, asyncio.TaskGroup() as tasks:
        kafka = KafkaLog(settings, vitals)
        ground = Ground(name, settings, vitals, kafka, mongo, instance, tracing)
        beat = tasks.create_task(beat_for_ever(vitals))
        start = tasks.create_task(_start(ground, prepare))
        stopped = tasks.create_task(stop.wait())
        await asyncio.wait({start, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if start.done():
            await _work(ground, *start.result(), stop)
        await end((start, beat, stopped))
    if tracing is not None:
        await tracing.stop()
    await health.cleanup()
    log.info("process.stopped")


async def _start(ground: Ground, prepare: Prepare) -> tuple[Work, InstanceStore]:
    """Wait for the servers, make indexes. Tells of wrong settings, and of who refuses us."""
    own, vitals = _own_database(ground), ground.vitals
    instances = InstanceStore(ground.mongo, own, vitals)
    try:
        await check_kafka(ground.settings)
        wanted = rights(prefix=ground.settings.prefix).get(ground.name, [])
        await check_rights(ground.settings, wanted)
        async with asyncio.TaskGroup() as beside:
            beside.create_task(check_mongo(ground.mongo, own, vitals))
            work = await prepare(ground)
        await ground.log.start()
        await instances.ensure()
        await until_there(_topics(work), ground.settings, vitals)
    except BaseException:  # told to stop while waiting, or wrong settings
        await ground.log.stop()
        raise
    return work, instances


async def _work(ground: Ground, work: Work, instances: InstanceStore, stop: asyncio.Event) -> None:
    on_batch = _measured(ground.name, work.on_batch)
    if ground.tracing is not None:
        on_batch = ground.tracing.around(on_batch)
    settings, vitals = ground.settings, ground.vitals
    app = build_app(ground.name, work.intakes, settings, vitals, on_batch)
    await _start_or_stop(app, stop)
    collect_rarely()
    if not stop.is_set():
        log.info("process.started", topics=_topics(work), version=_version())
    beside = (
        _watch_app(app, vitals),
        stop_past_the_end(ground.name, settings, vitals),
        _tick(work, settings.sweep_seconds),
        _tell(ground, work, instances),
        watch_servers(vitals, {"kafka": partial(ask_a_broker, settings), "mongo": instances.ping}),
        _beside(work),
    )
    await _until_told_to_stop(app, beside, stop)
    await work.on_stop()
    await ground.log.stop()
    await instances.remove(ground.instance)


async def _start_or_stop(app: faust.App, stop: asyncio.Event) -> None:
    """Start Faust; it waits to be given partitions, and whoever is told to stop meanwhile stops."""
    async with asyncio.TaskGroup() as tasks:
        starting, told = tasks.create_task(app.start()), tasks.create_task(stop.wait())
        await asyncio.wait({starting, told}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            await app.stop()
        told.cancel()


async def _until_told_to_stop(
    app: faust.App, beside: Iterable[Coroutine[Any, Any, None]], stop: asyncio.Event
) -> None:
    """What goes on beside Faust. If it fails the process ends at once and says why: the end of the
    loop would cancel the batch, which is blamed then, or wait for Faust until the watchdog bites.
    """
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(one) for one in beside]
            await stop.wait()
            await app.stop()
            await end(running)
    except Exception as error:
        fail_stop(f"process failed: {where(first_error(error))}")


async def _watch_app(app: faust.App, vitals: Vitals) -> None:
    """Follow Faust: what is assigned, and whether it crashed (then the process ends)."""
    while True:
        if app.crashed:
            fail_stop(f"faust crashed: {type(app.crash_reason).__name__}")
        given = sorted(f"{tp.topic}/{tp.partition}" for tp in app.consumer.assignment())
        vitals.assigned(not app.rebalancing, tuple(given))
        await asyncio.sleep(LOOK_PAUSE_SECONDS)


async def _tick(work: Work, pause_seconds: float) -> None:
    while True:
        await asyncio.sleep(pause_seconds)
        await work.on_tick()


async def _beside(work: Work) -> None:
    if work.beside is not None:
        await work.beside()


async def _tell(ground: Ground, work: Work, instances: InstanceStore) -> None:
    """Write the instance record, again and again; what stands on disk may be another version by
    then, or none for a moment."""
    fields = {"version": _version(), "journeys": list(work.journeys)}
    while True:
        await instances.write(ground.instance, {**fields, **ground.vitals.signs})
        await asyncio.sleep(INSTANCE_PAUSE_SECONDS)


def _measured(name: str, on_batch: OnBatch) -> OnBatch:
    seconds, records = metrics.BATCH_SECONDS.labels(name), metrics.BATCH_RECORDS.labels(name)

    async def measured(batch: Sequence[Record]) -> None:
        with seconds.time():
            await on_batch(batch)
        records.observe(len(batch))

    return measured


def _topics(work: Work) -> list[str]:
    return [topic for intake in work.intakes for topic in intake.topics]


def _own_database(ground: Ground) -> str:
    return ground.settings.database(f"onboarding_{ground.name.replace('-', '_')}")


def _version() -> str:
    return version("hexabuilders-onboarding")
