"""How fast the projection is: evolve alone, and batches into a real mongod.

Run: PYTHONPATH=tests/saga_state .venv/bin/python tests/bench/projection.py [sagas]
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from pymongo import AsyncMongoClient
from saga_given import Voices, hash_of

from contracts.envelope import Event
from deploy.local import embedded
from deploy.local.child import end, spawn
from saga_state.memory import MemoryStore
from saga_state.projector import project
from saga_state.records import stored_form
from saga_state.state import evolve, fold
from saga_state.store import SagaStore, database

BATCH = 500


def histories(sagas: int) -> list[list[Event]]:
    made = []
    for number in range(sagas):
        v = Voices(number=str(number), offset=number * 20)
        made.append(v.undone_from("campaigns") if number % 10 == 0 else v.whole_way())
    return made


def as_it_comes(made: list[list[Event]], at_once: int = 200) -> list[list[Event]]:
    """Batches of sagas that run side by side: about one event of each saga in a batch."""
    events = [
        event
        for start in range(0, len(made), at_once)
        for turn in range(20)
        for history in made[start : start + at_once]
        for event in history[turn : turn + 1]
    ]
    return [events[start : start + BATCH] for start in range(0, len(events), BATCH)]


def alone(made: list[list[Event]]) -> None:
    events = sum(map(len, made))
    started = time.perf_counter()
    for history in made:
        saga = None
        for event in history:
            saga = evolve(saga, event, hash_of)
    one_by_one = time.perf_counter() - started
    started = time.perf_counter()
    for history in made:
        fold(None, history, hash_of)
    folded = time.perf_counter() - started
    started = time.perf_counter()
    for history in made:
        for event in history:
            stored_form(event, event.time)
    form = time.perf_counter() - started
    print(f"evolve, one by one    {one_by_one / events * 1e6:8.1f} us/event")
    print(f"fold, a saga at once  {folded / events * 1e6:8.1f} us/event")
    print(f"stored_form           {form / events * 1e6:8.1f} us/event")


async def into(name: str, store: SagaStore | MemoryStore, batches: list[list[Event]]) -> None:
    took, cpu = [], time.process_time()
    for batch in batches:
        started = time.perf_counter()
        await project(batch, store, hash_of, datetime.now(UTC))
        took.append(time.perf_counter() - started)
    events = sum(map(len, batches))
    cpu = time.process_time() - cpu
    print(
        f"{name:20} {events / sum(took):8.0f} events/s, batch p50 {statistics.median(took) * 1e3:.1f} ms,"
        f" max {max(took) * 1e3:.1f} ms, own CPU {cpu / events * 1e6:.0f} us/event"
    )


async def main(sagas: int) -> None:
    made = histories(sagas)
    alone(made)
    batches = as_it_comes(made)
    await into("memory", MemoryStore(), batches)
    with tempfile.TemporaryDirectory() as folder:
        child, uri = embedded.mongod(Path(folder) / "data")
        process = await spawn(child, Path(folder) / "log")
        try:
            while child.ready and not await child.ready():
                await asyncio.sleep(0.1)
            client = AsyncMongoClient(uri)
            store = SagaStore(database(client))
            await store.ensure()
            await into("mongod", store, batches)
            await into("mongod, all again", store, batches)
            await client.drop_database("saga_state")
            await store.ensure()
            random.Random(1).shuffle(made)
            whole = [event for history in made for event in history]
            rebuilt = [whole[at : at + BATCH] for at in range(0, len(whole), BATCH)]
            await into("mongod, saga by saga", store, rebuilt)
            stats = await client.saga_state.command("collStats", "sagas")
            print(
                f"document {stats['avgObjSize']} bytes, indexes {stats['totalIndexSize'] // 1024} KiB"
            )
            await client.close()
        finally:
            await end(process, 10)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
