"""The gateway as a process: settings, servers, routes, until it is told to stop."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

import structlog

from contracts.journey import JOURNEYS
from saga_state.partner_hash import partner_hash
from saga_state.shown import INTERNAL
from saga_state.store import SagaStore
from saga_state.store import database as projection
from services.evidence.sources import Sources
from services.gateway.app import make_app
from services.gateway.audit_store import AuditStore
from services.gateway.dashboard.session_store import SessionStore
from services.gateway.gauging import Eyes, gauge_for_ever
from services.gateway.ground import Ground
from services.gateway.key_ring import KeyRing
from services.gateway.key_store import KeyStore
from services.gateway.lags import Lags
from services.gateway.letter_box import KafkaLetters
from services.gateway.looks import Looks
from services.gateway.rates import Rates
from services.gateway.serving import serve
from services.gateway.store import StartStore
from services.gateway.streams import Streams
from services.runtime.health import start_health
from services.runtime.heap import keep_little
from services.runtime.instance import new_instance
from services.runtime.kafka import KafkaLog
from services.runtime.kafka_access import check as check_kafka
from services.runtime.kafka_places import KafkaPlaces
from services.runtime.kafka_rights import check_rights
from services.runtime.lifecycle import beat_for_ever, end, run_until_told, stop_on_signals
from services.runtime.mongo import Client, connect, transient
from services.runtime.mongo import check as check_mongo
from services.runtime.patience import patiently
from services.runtime.ports import Log
from services.runtime.process import utc_now
from services.runtime.process_store import InstanceStore
from services.runtime.rights import rights
from services.runtime.settings import Settings, SettingsError
from services.runtime.signs import Look, ask_a_broker, watch_servers
from services.runtime.traces import tracing_of
from services.runtime.vitals import Vitals

if TYPE_CHECKING:
    from services.runtime.tracing.spans import Tracing

NAME = "gateway"
INSTANCE_PAUSE_SECONDS, USES_PAUSE_SECONDS, CLOSE_SECONDS = 5.0, 20.0, 5.0
log = structlog.get_logger()


def run() -> None:
    """Run one gateway until SIGTERM or SIGINT. Exit codes as of a service."""
    keep_little()
    run_until_told(NAME, _main)


def check_auth(settings: Settings) -> None:
    """SettingsError where everybody could do everything, and not from this machine alone."""
    if settings.auth == "off" and not _is_loopback(settings.gateway_host):
        line = f"off is for a loopback address only, not for {settings.gateway_host}"
        raise SettingsError(f"ONBOARDING_AUTH: {line} (ONBOARDING_GATEWAY_HOST)")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _main(settings: Settings, vitals: Vitals) -> None:
    check_auth(settings)
    instance = new_instance()
    tracing = tracing_of(NAME, settings, instance)
    stop = stop_on_signals(vitals)
    health = await start_health(NAME, settings, vitals)
    uri = settings.mongo.get_secret_value()
    async with _connected(uri, tracing) as mongo, asyncio.TaskGroup() as tasks:
        beat = tasks.create_task(beat_for_ever(vitals))
        work = tasks.create_task(_work(settings, vitals, mongo, stop, instance, tracing))
        stopped = tasks.create_task(stop.wait())
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set() and vitals.joined:
            await work  # it ends by itself, what it is at first
        await end((work, beat, stopped))
    if tracing is not None:
        await tracing.stop()
    await health.cleanup()
    log.info("process.stopped")


def _connected(uri: str, tracing: "Tracing | None") -> Client:
    if tracing is None:
        return connect(uri)
    from services.runtime.tracing.mongo import MongoSpans

    return connect(uri, listeners=[MongoSpans(tracing.tracer)])


async def _work(
    settings: Settings,
    vitals: Vitals,
    mongo: Client,
    stop: asyncio.Event,
    instance: str,
    tracing: "Tracing | None",
) -> None:
    own = settings.database("onboarding_gateway")
    instances = InstanceStore(mongo, own, vitals)
    await check_kafka(settings)
    await check_rights(settings, rights(prefix=settings.prefix).get(NAME, []))
    await check_mongo(mongo, own, vitals)
    async with _grounded(settings, vitals, mongo, own, tracing) as (ground, keys):
        await patiently("mongo", vitals, partial(_ensure, ground, keys), transient)
        await instances.ensure()
        looks: dict[str, Look] = {"kafka": partial(ask_a_broker, settings), "mongo": instances.ping}
        async with asyncio.TaskGroup() as beside:
            running = (
                beside.create_task(watch_servers(vitals, looks)),
                beside.create_task(_tell(instances, instance, vitals)),
                beside.create_task(_note_uses(ground.ring)),
                beside.create_task(_gauge(ground)),
            )
            await serve(make_app(ground), ground, stop)
            await ground.deeds.all_ended()  # at the next chunk: `stopping` is set
            await asyncio.gather(*ground.recording, return_exceptions=True)  # seconds at most
            await end(running)
        await ground.ring.note_uses()
        await instances.remove(instance)


@asynccontextmanager
async def _grounded(
    settings: Settings, vitals: Vitals, mongo: Client, own: str, tracing: "Tracing | None"
) -> AsyncIterator[tuple[Ground, KeyStore]]:
    """All that the routes stand on; its connections are closed in the end."""
    # A request gives up waiting for Kafka, and would leave `vitals` waiting: signs.py tells of it.
    kafka, places = KafkaLog(settings, Vitals()), KafkaPlaces(settings)
    keys = KeyStore(mongo, own)
    try:
        await kafka.start()
        yield (
            Ground(
                settings=settings,
                vitals=vitals,
                log=_traced(kafka, tracing),
                sagas=SagaStore(projection(mongo, settings.prefix), without=INTERNAL),
                whole_sagas=SagaStore(projection(mongo, settings.prefix)),
                starts=StartStore(mongo, own),
                acts=AuditStore(mongo, own),
                ring=KeyRing(keys, utc_now),
                sessions=SessionStore(mongo, own),
                rates=Rates(settings.gateway_key_per_second, settings.gateway_address_per_second),
                looks=Looks(settings, vitals, mongo, Lags(places)),
                evidence=Sources(settings, mongo),
                letters=KafkaLetters(settings),
                reader=settings.reader(),
                streams=Streams(settings.gateway_streams_max),
                hash_of=partial(partner_hash, settings.hash_key.get_secret_value().encode()),
                now=utc_now,
                tracing=tracing,
            ),
            keys,
        )
    finally:
        for close in (kafka.stop, places.close):  # which may wait for a broker that is away
            with suppress(TimeoutError):
                await asyncio.wait_for(close(), CLOSE_SECONDS)


def _traced(log: Log, tracing: "Tracing | None") -> Log:
    if tracing is None:
        return log
    from services.runtime.tracing.ports import TracedLog

    return TracedLog(log, tracing)


async def _ensure(ground: Ground, keys: KeyStore) -> None:
    """The projection's indexes too: a query that names one that is not there is refused. Not its
    validators: an older gateway would put those of its own version back."""
    await ground.starts.ensure()
    await ground.acts.ensure()
    await ground.sessions.ensure()
    await keys.ensure()
    await ground.sagas.ensure_indexes()


async def _tell(instances: InstanceStore, instance: str, vitals: Vitals) -> None:
    fields = {
        "version": version("hexabuilders-onboarding"),
        "journeys": [journey.label for journey in JOURNEYS.values()],
        "partitions": [],
        "batch_at": None,
    }
    while True:
        await instances.write(instance, {**fields, "waiting_for": vitals.missing})
        await asyncio.sleep(INSTANCE_PAUSE_SECONDS)


async def _gauge(on: Ground) -> None:
    lost_seconds = on.settings.events_lost_seconds
    await gauge_for_ever(Eyes(on.looks, on.evidence.store, on.starts, on.sagas, lost_seconds))


async def _note_uses(ring: KeyRing) -> None:
    while True:
        await asyncio.sleep(USES_PAUSE_SECONDS)
        await ring.note_uses()
