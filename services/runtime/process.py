"""The process of a service, from start to stop: settings, checks, health, agent, ticks."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import faust
import structlog

from contracts.envelope import Record
from services.runtime import metrics
from services.runtime.agent import Intake, OnBatch, StartError, build_app, check_faust, where
from services.runtime.health import start_health
from services.runtime.heap import collect_rarely, keep_little
from services.runtime.kafka import KafkaLog
from services.runtime.kafka_access import check as check_kafka
from services.runtime.kafka_rights import check_rights
from services.runtime.log_ends import stop_past_the_end
from services.runtime.logs import configure
from services.runtime.mongo import Client, connect, refused
from services.runtime.mongo import check as check_mongo
from services.runtime.process_store import InstanceStore
from services.runtime.rights import rights
from services.runtime.settings import Settings, SettingsError, load_settings, unknown_names
from services.runtime.vitals import Vitals, fail_stop, start_watchdog

INSTANCE_PAUSE_SECONDS = 5.0
BEAT_PAUSE_SECONDS = 1.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ground:
    """What a process stands on."""

    name: str
    settings: Settings
    vitals: Vitals
    log: KafkaLog
    mongo: Client


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
        settings = load_settings()
        check_faust()
    except (SettingsError, StartError) as error:
        _refuse(error)
    configure(settings, name)
    for unknown in unknown_names(os.environ):
        log.warning("settings.unknown", setting=unknown)
    vitals = Vitals()
    start_watchdog(vitals, settings.batch_deadline_seconds)
    try:
        asyncio.run(_main(name, settings, vitals, prepare))
    except Exception as error:
        cause = _first(error)
        if line := cause if isinstance(cause, SettingsError) else refused(cause):
            _refuse(line)
        fail_stop(f"process failed: {where(cause)}")


def _first(error: Exception) -> Exception:
    """What a task raised, out of the groups that its task groups made of it."""
    return _first(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error


def _refuse(error: Exception | str) -> None:
    sys.stderr.write(f"{error}\n")
    sys.exit(2)


async def _main(name: str, settings: Settings, vitals: Vitals, prepare: Prepare) -> None:
    stop = _stop_on_signals(vitals)
    health = await start_health(name, settings, vitals)
    async with connect(settings.mongo.get_secret_value()) as mongo, asyncio.TaskGroup() as tasks:
        ground = Ground(name, settings, vitals, KafkaLog(settings, vitals), mongo)
        beat = tasks.create_task(_beat(vitals))
        start = tasks.create_task(_start(ground, prepare))
        stopped = tasks.create_task(stop.wait())
        await asyncio.wait({start, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if start.done():
            await _work(ground, *start.result(), stop)
        for task in (start, beat, stopped):
            task.cancel()
    await health.cleanup()
    log.info("process.stopped")


def _stop_on_signals(vitals: Vitals) -> asyncio.Event:
    stop = asyncio.Event()

    def ask() -> None:
        vitals.stop_at = vitals.stop_at or time.monotonic()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ask)
    return stop


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
    except BaseException:  # told to stop while waiting, or wrong settings
        await ground.log.stop()
        raise
    return work, instances


async def _work(ground: Ground, work: Work, instances: InstanceStore, stop: asyncio.Event) -> None:
    on_batch = _measured(ground.name, work.on_batch)
    settings, vitals = ground.settings, ground.vitals
    app = build_app(ground.name, work.intakes, settings, vitals, on_batch)
    await app.start()
    collect_rarely()
    topics = [topic for intake in work.intakes for topic in intake.topics]
    log.info("process.started", topics=topics, version=_version())
    instance = f"{socket.gethostname()}:{os.getpid()}"
    beside = (
        _watch_app(app, vitals),
        stop_past_the_end(ground.name, settings, vitals),
        _tick(work, settings.sweep_seconds),
        _tell(ground, work, instances, instance),
        _beside(work),
    )
    await _until_told_to_stop(app, beside, stop)
    await work.on_stop()
    await ground.log.stop()
    await instances.remove(instance)


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
            for task in running:
                task.cancel()
    except Exception as error:
        fail_stop(f"process failed: {where(_first(error))}")


async def _beat(vitals: Vitals) -> None:
    while True:
        vitals.loop_at = time.monotonic()
        await asyncio.sleep(BEAT_PAUSE_SECONDS)


async def _watch_app(app: faust.App, vitals: Vitals) -> None:
    """Follow Faust: what is assigned, and whether it crashed (then the process ends)."""
    while True:
        if app.crashed:
            fail_stop(f"faust crashed: {type(app.crash_reason).__name__}")
        given = sorted(f"{tp.topic}/{tp.partition}" for tp in app.consumer.assignment())
        vitals.assigned(not app.rebalancing, tuple(given))
        await asyncio.sleep(BEAT_PAUSE_SECONDS / 2)


async def _tick(work: Work, pause_seconds: float) -> None:
    while True:
        await asyncio.sleep(pause_seconds)
        await work.on_tick()


async def _beside(work: Work) -> None:
    if work.beside is not None:
        await work.beside()


async def _tell(ground: Ground, work: Work, instances: InstanceStore, instance: str) -> None:
    """Write the instance record, again and again."""
    while True:
        fields = {
            "version": _version(),
            "journeys": list(work.journeys),
            **ground.vitals.signs,
        }
        await instances.write(instance, fields)
        await asyncio.sleep(INSTANCE_PAUSE_SECONDS)


def _measured(name: str, on_batch: OnBatch) -> OnBatch:
    seconds, records = metrics.BATCH_SECONDS.labels(name), metrics.BATCH_RECORDS.labels(name)

    async def measured(batch: Sequence[Record]) -> None:
        with seconds.time():
            await on_batch(batch)
        records.observe(len(batch))

    return measured


def _own_database(ground: Ground) -> str:
    return ground.settings.database(f"onboarding_{ground.name.replace('-', '_')}")


def _version() -> str:
    return version("hexabuilders-onboarding")
