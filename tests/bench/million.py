"""What a saga costs where a million are stored already, beside ten thousand: `make bench-million`.

The stored ones are copies of one saga that ran, in every collection it is in: the same bytes but
for its ids. Their times are those of that one saga. MongoDB has a cache of its own size here, for a
server of a million sagas has; what it costs with that of `onboarding up`: `--cache 0.5`.
"""

import argparse
import asyncio
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bson import encode
from bson.raw_bson import RawBSONDocument
from pymongo import AsyncMongoClient
from pymongo.errors import BulkWriteError
from pymongo.write_concern import WriteConcern

from deploy.local.stack import STEPS, Stack
from tests.bench.load import Load, load_on, stack_of
from tests.bench.pipeline import cpu_seconds, processes
from tests.bench.reporting import figure, report
from tests.integration.polling import until

FEW, BURST, AT_ONCE = 10_000, 5_000, 1_000
WARM_UP, ROUNDS, PATIENCE_SECONDS, GOAL = 500, 3, 900, 1.1
DUPLICATE_KEY, FILL_SECONDS = 11_000, 300
Collections = Mapping[str, Any]
Ids = Sequence[bytes]
REPORT = Path(".onboarding/reports/bench-million.json")


@dataclass(frozen=True)
class Template:
    """A saga as each collection has it, and the ids in it: they are of a fixed length."""

    documents: Mapping[str, Sequence[bytes]]
    ids: Ids

    @classmethod
    def of(cls, found: Mapping[str, Sequence[Any]], ids: Iterable[str]) -> "Template":
        """Of the documents of each collection."""
        documents = {name: [encode(one) for one in some] for name, some in found.items()}
        return cls(documents, [one.encode() for one in sorted(ids)])

    def copies(self, collection: str, others: Iterable[Ids]) -> Iterator[RawBSONDocument]:
        """One of each document for each of the other ids."""
        for other in others:
            for document in self.documents[collection]:
                copy = document
                for old, new in zip(self.ids, other, strict=True):
                    copy = copy.replace(old, new)
                yield RawBSONDocument(copy)

    def other_ids(self, number: int) -> Ids:
        """The same number, the same ids."""
        return [_other(one, number) for one in self.ids]


def _other(id_: bytes, number: int) -> bytes:
    """An id of the same form: a UUID, with or without dashes."""
    made = uuid.uuid5(uuid.NAMESPACE_OID, f"{id_.decode()}/{number}")
    return (str(made) if b"-" in id_ else made.hex).encode()


async def measure(rows: int, cache_gb: float) -> list[dict[str, Any]]:
    """CPU of our processes and of mongod per saga, at both sizes, on Apache Kafka."""
    async with stack_of("apache") as stack, load_on(stack) as load:
        mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            stack.mongo, socketTimeoutMS=FILL_SECONDS * 1000
        )
        cache = f"cache_size={round(cache_gb * 1024)}MB"
        await mongo.admin.command("setParameter", 1, wiredTigerEngineRuntimeConfig=cache)
        collections = _collections(mongo)
        await _run(load, 1)
        await until("no step waits for anything", partial(is_at_rest, collections))
        template = await _template(collections, load)
        await _run(load, WARM_UP)
        await fill(collections, template, 0, FEW)
        few = await _cost(stack, load)
        await fill(collections, template, FEW, rows)
        many = await _cost(stack, load)
        await mongo.close()
    label = "CPU per saga, ours and mongod"
    return [
        figure(f"{label}, {FEW:,} stored", sum(few), "ms"),
        figure("of these mongod", few[1], "ms"),
        figure(f"{label}, {rows:,} stored", sum(many), "ms"),
        figure("of these mongod", many[1], "ms"),
        figure("the second to the first", sum(many) / sum(few), "", GOAL, at_most=True),
    ]


def _collections(mongo: Any) -> Collections:
    steps = {step: mongo[f"onboarding_{step}"].steps for step in STEPS}
    return {**steps, "sagas": mongo.saga_state.sagas, "events": mongo.saga_state.events}


async def is_at_rest(collections: Collections) -> bool:
    """Copies of a step that waits would all wait: the sweepers would do nothing else."""
    waiting = {"due_at": {"$type": "date"}}
    steps = [one for name, one in collections.items() if name in STEPS]
    return not any([await one.find_one(waiting) for one in steps])


async def _template(collections: Collections, load: Load) -> Template:
    """Of the only saga there is."""
    found = {name: await one.find().to_list(None) for name, one in collections.items()}
    (name,), (saga,) = load.sent, found["sagas"]
    ids = {name, saga["_id"], *(event["_id"] for event in found["events"])}
    ids |= {event["event_id"] for event in found["events"]}
    return Template.of(found, ids)


async def fill(collections: Collections, template: Template, start: int, end: int) -> None:
    """Insert the copies that are missing, acknowledged from memory, then have all of it written to
    the disk, so that it costs the measurement nothing; shows how far it is on standard error."""
    lightly = WriteConcern(w=1, j=False)
    into = {name: one.with_options(write_concern=lightly) for name, one in collections.items()}
    for seed in range(start, end, AT_ONCE):
        ids = [template.other_ids(number) for number in range(seed, min(seed + AT_ONCE, end))]
        await asyncio.gather(
            *(_insert(one, list(template.copies(name, ids))) for name, one in into.items())
        )
        print(f"\r{seed + len(ids):,} of {end:,} stored", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    client = next(iter(collections.values())).database.client
    await client.admin.command("fsync")


async def _insert(collection: Any, copies: Sequence[RawBSONDocument]) -> None:
    """What is there already is of a batch that was sent twice, when its answer was late."""
    try:
        await collection.insert_many(copies, ordered=False)
    except BulkWriteError as error:
        if any(one["code"] != DUPLICATE_KEY for one in error.details["writeErrors"]):
            raise


async def _cost(stack: Stack, load: Load) -> tuple[float, float]:
    """Milliseconds of CPU a saga, ours and mongod's: the least of some bursts, as other work only
    adds to it."""
    found = {name: one for name, one in processes(stack).items() if name != "kafka"}
    spent = []
    for _ in range(ROUNDS):
        before = cpu_seconds(found)
        await _run(load, BURST)
        after = cpu_seconds(found)
        took = {name: (after[name] - before[name]) * 1000 / BURST for name in found}
        mongod = took.pop("mongo")
        spent.append((sum(took.values()), mongod))
    return min(spent, key=sum)


async def _run(load: Load, count: int) -> None:
    """Until all of it is projected, asked of a few first: to count a million costs mongod time."""
    load.forget()
    await load.send(count)
    await load.until_ended(count, PATIENCE_SECONDS)
    sagas = [load.pipeline.saga_of(name) for name in load.sent]
    for some in (sagas[:: len(sagas) // 20 or 1], sagas):
        await until("projected", partial(_are_projected, load, some), PATIENCE_SECONDS)


async def _are_projected(load: Load, sagas: Sequence[str]) -> bool:
    wanted = {"_id": {"$in": sagas}, **load.pipeline.completed}
    found: int = await load.sagas.count_documents(wanted, hint="_id_")
    return found == len(sagas)


def main() -> None:
    """Print and report it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.million", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="sagas that are stored")
    parser.add_argument("--cache", type=float, default=4.0, help="MongoDB's cache in GB")
    asked = parser.parse_args()
    report(asyncio.run(measure(asked.rows, asked.cache)), REPORT)


if __name__ == "__main__":
    main()
