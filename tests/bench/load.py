"""What every figure stands on: a stack of the bench's own, and a load that is heard to its end."""

import asyncio
import json
import shutil
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pymongo import AsyncMongoClient

from contracts import ids
from contracts.topics import event_topic
from deploy.local.stack import SERVICES, STEPS, Options, Stack, running
from services.runtime.settings import load_settings
from services.runtime.topics import create_topics
from tests.integration.polling import until, until_so

Broker = Literal["embedded", "apache"]
LOOK_SECONDS = 0.01
HEADERS = (
    ("ce_type", b"com.hexabuilders.onboarding.PartnerOnboardingInitiated.v1"),
    ("ce_source", b"/bench"),
)


@dataclass(frozen=True)
class Pipeline:
    """Where it starts and ends, where a saga shows up, which processes it is."""

    name: str
    starts: str
    ends: str
    database: str
    completed: Mapping[str, Any]
    events_of_saga: int
    processes: tuple[str, ...]
    body: Callable[[str], bytes]
    saga_of: Callable[[str], str]
    headers: tuple[tuple[str, bytes], ...] = ()


def _partner(name: str) -> bytes:
    partner = {
        "nombre": "TechSolutions Inc",
        "email": f"{name}@techsolutions.example",
        "telefono": "+1234567890",
        "tipo_partner": "EMPRESA",
        "preferred_contract_type": "PREMIUM",
        "partner_id": name,
    }
    return json.dumps({"partner_data": partner}).encode()


OURS = Pipeline(
    "ours",
    event_topic("PartnerOnboardingInitiated"),
    event_topic("PartnerOnboardingCompleted"),
    "saga_state",
    {"tenant_id": "default", "status": "COMPLETED"},
    len(STEPS) + 2,
    (*STEPS, "saga_state"),
    _partner,
    lambda name: ids.saga_id("default", "partner-onboarding", "/bench", name),
    HEADERS,
)


@dataclass
class Load:
    """Sends starts, and watches both ends. Times by name: `sent`, heard on the last topic
    (`ended`), seen in the projection (`shown`, while `looking`)."""

    pipeline: Pipeline
    producer: AIOKafkaProducer
    sagas: Any
    sent: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)

    def forget(self) -> None:
        """Begin anew."""
        for times in (self.sent, self.ended, self.shown):
            times.clear()

    def milliseconds(self, to: Mapping[str, float]) -> list[float]:
        """From the start of each."""
        return [(at - self.sent[name]) * 1000 for name, at in to.items()]

    async def send(self, count: int = 1) -> None:
        for _ in range(count):
            name, one = uuid.uuid4().hex, self.pipeline
            headers = [("ce_id", name.encode()), *one.headers] if one.headers else []
            self.sent[name] = time.perf_counter()
            await self.producer.send(one.starts, one.body(name), name.encode(), headers=headers)

    async def send_at(self, rate: int, seconds: int) -> None:
        """So many a second, whatever becomes of them."""
        start = time.perf_counter()
        for number in range(rate * seconds):
            await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
            await self.send()

    async def listen(self, consumer: AIOKafkaConsumer) -> None:
        async for record in consumer:
            name = (record.key or b"").decode()
            if name in self.sent:
                self.ended.setdefault(name, time.perf_counter())

    async def look(self) -> None:
        """Ask the projection for those that ended and were not seen yet."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            names = self.ended.keys() - self.shown.keys()
            of = {self.pipeline.saga_of(name): name for name in names}
            query = {"_id": {"$in": list(of)}, "status": self.pipeline.completed["status"]}
            if of:
                found = await self.sagas.find(query, {"_id": 1}).to_list(None)
                self.shown |= {of[one["_id"]]: time.perf_counter() for one in found}

    async def until_ended(self, count: int, seconds: float) -> None:
        """Until so many were heard. AssertionError in time: then there is no figure."""
        await until_so(f"{count} ended", lambda: len(self.ended) >= count, seconds)

    async def until_shown(self, count: int, seconds: float) -> None:
        """Until so many were seen in the projection, while `looking`."""
        await until_so(f"{count} seen", lambda: len(self.shown) >= count, seconds)

    async def until_projected(self, count: int, seconds: float) -> None:
        """Until the projection has so many, those of before included."""

        async def has_them() -> bool:
            return await self._events() >= count and await self.projected() >= count

        await until(f"{count} projected", has_them, seconds)

    async def projected(self) -> int:
        """How many completed sagas the projection has whole: the last event of a saga may show
        before those of other topics."""
        completed: int = await self.sagas.count_documents(self.pipeline.completed)
        return min(completed, await self._events())

    async def _events(self) -> int:
        """For how many sagas there are events; to ask so costs mongod nothing, to count does."""
        events: int = await self.sagas.database.events.estimated_document_count()
        return events // self.pipeline.events_of_saga


@asynccontextmanager
async def stack_of(
    broker: Broker,
    env: Mapping[str, str] | None = None,
    platform: bool = False,
    workers: Mapping[str, int] | None = None,
    services: tuple[str, ...] = SERVICES,
) -> AsyncIterator[Stack]:
    """Servers and services in a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="onboarding-bench-"))

    async def prepare(kafka: str, mongo: str) -> None:
        await create_topics(load_settings(kafka=kafka, mongo=mongo, replication=1))

    options = Options(
        folder,
        broker=broker,
        services=services,
        workers=workers or {},
        platform=platform,
        env=env or {},
    )
    try:
        async with running(options, prepare, lambda *_: None) as stack:
            yield stack
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def load_on(stack: Stack, pipeline: Pipeline = OURS) -> AsyncIterator[Load]:
    """A load that is listened to."""
    mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(stack.mongo)
    consumer = AIOKafkaConsumer(
        pipeline.ends,
        bootstrap_servers=stack.kafka,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=fetch_max_wait_ms(stack),
    )
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka) as producer, consumer:
        load = Load(pipeline, producer, mongo[pipeline.database].sagas)
        async with _beside(load.listen(consumer)):
            yield load
    await mongo.close()


@asynccontextmanager
async def looking(load: Load) -> AsyncIterator[None]:
    """While it lasts, the projection is asked for each saga until it shows."""
    async with _beside(load.look()):
        yield


def fetch_max_wait_ms(stack: Stack) -> int:
    """The embedded broker answers an empty fetch late."""
    return 20 if stack.options.broker == "embedded" else 500


@asynccontextmanager
async def _beside(work: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
