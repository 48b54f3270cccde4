"""The limit that our figures are compared with: the same five hops and a projection, by hand.

    python -m tests.bench.raw KAFKA MONGO step NUMBER     NUMBER from 0
    python -m tests.bench.raw KAFKA MONGO projector

Each is a process of aiokafka and PyMongo's asynchronous client and nothing else: what is ready, 500
at most, is one unordered bulk (majority, journal), then one awaited batch of sends, then a commit
by hand. It checks nothing, keeps no outbox, cannot undo, and says again what it reads again.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import ConsumerRecord
from pymongo import AsyncMongoClient, IndexModel, InsertOne, UpdateOne
from pymongo.errors import BulkWriteError

from saga_state.queries import EVENT_INDEXES, INDEX_OPTIONS, SAGA_INDEXES, Keys
from saga_state.writing import DUPLICATE_KEY

STEPS = ("registration", "contract", "documents", "campaigns", "recruitment")
TOPICS = tuple(f"raw.{number}" for number in range(len(STEPS) + 1))
STATUSES = tuple(f"{number} SAID" for number in range(len(TOPICS)))  # the last stands for COMPLETED
BODY_BYTES, MOST = 500, 500
STATE = "raw_state"
Database = Any  # pymongo's asynchronous client has no useful types for databases


def body(saga: str) -> bytes:
    """What a record says: JSON of 500 bytes."""
    empty = orjson.dumps({"saga": saga, "filling": ""})
    return orjson.dumps({"saga": saga, "filling": "x" * (BODY_BYTES - len(empty))})


async def step(kafka: str, mongo: str, number: int) -> None:
    """Hear topic `number`, write a document, say topic `number` + 1."""
    name = STEPS[number]
    steps = _client(mongo)[f"raw_{name}"].steps
    async with _consumer(kafka, f"raw-{name}", TOPICS[number]) as heard, _producer(kafka) as said:
        async for batch in _batches(heard):
            now = datetime.now(UTC)
            writes = [_decision(one, name, now) for one in batch]
            await steps.bulk_write(writes, ordered=False)
            sends = [await said.send(TOPICS[number + 1], one.value, one.key) for one in batch]
            await asyncio.gather(*sends)
            await heard.commit()


async def projector(kafka: str, mongo: str) -> None:
    """Hear all, keep each event, and a document per saga, under the indexes of the projection."""
    database = _client(mongo)[STATE]
    await _ensure(database.sagas, SAGA_INDEXES)
    await _ensure(database.events, EVENT_INDEXES)
    async with _consumer(kafka, "raw-projector", *TOPICS) as heard:
        async for batch in _batches(heard):
            now = datetime.now(UTC)
            await asyncio.gather(
                _insert(database.events, [_event(one, now) for one in batch]),
                database.sagas.bulk_write(_sagas(batch, now), ordered=False),
            )
            await heard.commit()


def _decision(one: ConsumerRecord, name: str, now: datetime) -> UpdateOne:
    told = orjson.loads(one.value)
    decided = {"state": "done", "step": name, "at": now, "result": told["filling"]}
    return UpdateOne({"_id": told["saga"]}, {"$setOnInsert": decided}, upsert=True)


async def _insert(events: Any, writes: Sequence[InsertOne[dict[str, Any]]]) -> None:
    """A record that is read again, as it was stopped before the commit, is there already."""
    try:
        await events.bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        if any(one["code"] != DUPLICATE_KEY for one in error.details["writeErrors"]):
            raise


def _event(one: ConsumerRecord, now: datetime) -> InsertOne[dict[str, Any]]:
    told = orjson.loads(one.value)
    return InsertOne(
        {
            "_id": f"{one.topic}/{one.partition}/{one.offset}",
            "tenant_id": "default",
            "saga_id": told["saga"],
            "time": now,
            "topic": one.topic,
            "partition": one.partition,
            "offset": one.offset,
            "data": told,
        }
    )


def _sagas(batch: Sequence[ConsumerRecord], now: datetime) -> list[UpdateOne]:
    """One update per saga of the batch, whatever it heard of it."""
    furthest: dict[str, int] = {}
    for one in batch:
        saga = (one.key or b"").decode()
        furthest[saga] = max(furthest.get(saga, 0), TOPICS.index(one.topic))
    return [_update(saga, number, now) for saga, number in furthest.items()]


def _update(saga: str, number: int, now: datetime) -> UpdateOne:
    """Topics may come in any order; the furthest status stays."""
    changes: dict[str, Any] = {
        "$setOnInsert": {
            "tenant_id": "default",
            "partner_id": saga,
            "correlation_id": saga,
            "partner_hash": saga,
            "initiated_at": now,
        },
        "$max": {"status": STATUSES[number], "current_step": number},
        "$set": {"updated_at": now, f"steps.{number}": {"state": "done", "at": now}},
    }
    return UpdateOne({"_id": saga}, changes, upsert=True)


async def _batches(heard: AIOKafkaConsumer) -> AsyncIterator[list[ConsumerRecord]]:
    while True:
        found = await heard.getmany(timeout_ms=1000, max_records=MOST)
        if batch := [one for records in found.values() for one in records]:
            yield batch


async def _ensure(collection: Any, indexes: Mapping[str, Keys]) -> None:
    options = INDEX_OPTIONS
    models = [IndexModel(list(k), name=n, **options.get(n, {})) for n, k in indexes.items()]
    await collection.create_indexes(models)


def _client(mongo: str) -> Database:
    return AsyncMongoClient(mongo, w="majority", journal=True)


@asynccontextmanager
async def _consumer(kafka: str, group: str, *topics: str) -> AsyncIterator[AIOKafkaConsumer]:
    async with AIOKafkaConsumer(
        *topics,
        bootstrap_servers=kafka,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=int(os.environ.get("ONBOARDING_FETCH_MAX_WAIT_MS", "500")),
    ) as consumer:
        yield consumer


@asynccontextmanager
async def _producer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
        yield producer


def main(kafka: str, mongo: str, what: str, number: str = "0") -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    asyncio.run(step(kafka, mongo, int(number)) if what == "step" else projector(kafka, mongo))


if __name__ == "__main__":
    main(*sys.argv[1:])
