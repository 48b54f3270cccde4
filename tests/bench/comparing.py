"""Ours beside raw: both on the same servers, in turns, so that a noisy machine disturbs both.

Rounds alternate: while one of them runs, the processes of the other are stopped. What is compared
are medians of the rounds; the spread is printed beside them.
"""

import asyncio
import json
import os
import statistics
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from motor.motor_asyncio import AsyncIOMotorClient

from contracts import ids
from contracts.topics import event_topic
from deploy.local.child import Child
from deploy.local.stack import STEPS, Stack
from tests.bench import raw

PARTITIONS = 4
LOOK_SECONDS = 0.01
HEADERS = (
    ("ce_type", b"com.hexabuilders.onboarding.PartnerOnboardingInitiated.v1"),
    ("ce_source", b"/bench"),
)


@dataclass(frozen=True)
class Pipeline:
    """One of the two: where it starts and ends, where a saga shows up, which processes it is."""

    name: str
    starts: str
    ends: str
    database: str
    completed: Mapping[str, Any]
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
    (*STEPS, "saga_state"),
    _partner,
    lambda name: ids.saga_id("default", "partner-onboarding", "/bench", name),
    HEADERS,
)
RAW = Pipeline(
    "raw",
    raw.TOPICS[0],
    raw.TOPICS[-1],
    raw.STATE,
    {"tenant_id": "default", "status": raw.STATUSES[-1]},
    (*(f"raw-{number}" for number in range(len(raw.STEPS))), "raw-projector"),
    raw.body,
    lambda name: name,
)


@dataclass
class Took:
    """Times of a load, by name: sent, heard on the last topic, seen in the projection."""

    sent: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)

    def forget(self) -> None:
        """Begin anew."""
        for times in (self.sent, self.ended, self.shown):
            times.clear()

    def milliseconds(self, to: Mapping[str, float]) -> list[float]:
        return sorted((at - self.sent[name]) * 1000 for name, at in to.items())


@dataclass
class Load:
    """Sends starts of one pipeline, and watches both of its ends."""

    pipeline: Pipeline
    producer: AIOKafkaProducer
    sagas: Any
    took: Took = field(default_factory=Took)
    watches_each: bool = True

    async def send(self) -> None:
        name, one = uuid.uuid4().hex, self.pipeline
        headers = [("ce_id", name.encode()), *one.headers] if one.headers else []
        self.took.sent[name] = time.perf_counter()
        await self.producer.send(one.starts, one.body(name), name.encode(), headers=headers)

    async def listen(self, consumer: AIOKafkaConsumer) -> None:
        async for record in consumer:
            name = (record.key or b"").decode()
            if name in self.took.sent:
                self.took.ended.setdefault(name, time.perf_counter())

    async def look(self) -> None:
        """Ask the projection for those that ended and were not seen yet."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self.watches_each:
                continue
            names = self.took.ended.keys() - self.took.shown.keys()
            of = {self.pipeline.saga_of(name): name for name in names}
            query = {"_id": {"$in": list(of)}, "status": self.pipeline.completed["status"]}
            if of:
                found = await self.sagas.find(query, {"_id": 1}).to_list(None)
                self.took.shown |= {of[one["_id"]]: time.perf_counter() for one in found}

    async def until(self, done: Callable[[], Awaitable[bool]], seconds: float) -> None:
        """AssertionError if it takes longer: then there is no figure."""
        deadline = time.perf_counter() + seconds
        while not await done():
            if time.perf_counter() > deadline:
                raise AssertionError(f"{self.pipeline.name}: not ended in {seconds} s")
            await asyncio.sleep(LOOK_SECONDS * 5)

    async def until_ended(self, seconds: float) -> None:
        async def done() -> bool:
            return len(self.took.ended) == len(self.took.sent)

        await self.until(done, seconds)

    async def until_seen(self, seconds: float) -> None:
        """Until each was seen in the projection."""

        async def done() -> bool:
            return len(self.took.shown) == len(self.took.sent)

        await self.until(done, seconds)

    async def until_shown(self, count: int, seconds: float) -> None:
        """Until so many are completed in the projection."""

        async def done() -> bool:
            return await self.sagas.count_documents(self.pipeline.completed) >= count

        await self.until(done, seconds)


async def make_topics(kafka: str) -> None:
    """Those of raw; the services' own are made with the stack."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in raw.TOPICS])
    finally:
        await admin.close()


def raw_children(stack: Stack) -> list[Child]:
    """The six processes of raw."""
    argv = (sys.executable, "-m", "tests.bench.raw", stack.kafka, stack.mongo)
    env = {**os.environ}
    parts = [("step", str(number)) for number in range(len(raw.STEPS))] + [("projector",)]
    return [
        Child(name, (*argv, *part), env) for name, part in zip(RAW.processes, parts, strict=True)
    ]


@asynccontextmanager
async def alone(stack: Stack, pipeline: Pipeline) -> AsyncIterator[None]:
    """Its processes run, for as long as the block lasts, and those of the other do not."""
    await asyncio.gather(*map(stack.supervisor.start, pipeline.processes))
    try:
        yield
    finally:
        await asyncio.gather(*map(stack.supervisor.stop, pipeline.processes))


@asynccontextmanager
async def load_of(stack: Stack, pipeline: Pipeline) -> AsyncIterator[Load]:
    """A load on it that is heard to its end; warmed up by a few sagas."""
    mongo: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(stack.mongo)
    consumer = AIOKafkaConsumer(pipeline.ends, bootstrap_servers=stack.kafka)
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka) as producer, consumer:
        load = Load(pipeline, producer, mongo[pipeline.database].sagas)
        listening = asyncio.create_task(load.listen(consumer))
        looking = asyncio.create_task(load.look())
        try:
            yield load
        finally:
            for task in (listening, looking):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
    mongo.close()


def quantile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]
