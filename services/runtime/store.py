"""The store on MongoDB: step documents. The only module here that imports the driver."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC
from typing import Any, TypeVar

from bson.codec_options import CodecOptions
from bson.timestamp import Timestamp
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo import ASCENDING, IndexModel, InsertOne, UpdateMany, UpdateOne
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    WriteConcernError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from services.runtime.document import Document
from services.runtime.document_form import from_form, to_form
from services.runtime.patience import patiently
from services.runtime.ports import Missed, Sent, Taken, WriteResult, Written
from services.runtime.vitals import Vitals

T = TypeVar("T")
Write = InsertOne[dict[str, Any]] | UpdateOne | UpdateMany
Client = AsyncIOMotorClient[dict[str, Any]]
DUPLICATE_KEY = 11_000
NOW = Timestamp(0, 0)  # of an inserted document's field: MongoDB fills in its own time
TIMESTAMP_LAST = 2**32 - 1  # the last of a second
INSTANCE_SECONDS = 60


def connect(uri: str) -> Client:
    """A client that acknowledges only what a majority has in its journal; all waits end."""
    return AsyncIOMotorClient(
        uri,
        appname="onboarding",
        serverSelectionTimeoutMS=5_000,
        connectTimeoutMS=5_000,
        socketTimeoutMS=20_000,
        waitQueueTimeoutMS=10_000,
        tz_aware=True,
        tzinfo=UTC,
    )


def database(client: Client, name: str) -> AsyncIOMotorDatabase[dict[str, Any]]:
    """A database with the concerns that delivery relies on, whatever the URI says."""
    return client.get_database(
        name,
        codec_options=CodecOptions(tz_aware=True, tzinfo=UTC),
        write_concern=WriteConcern(w="majority", j=True, wtimeout=15_000),
        read_concern=ReadConcern("majority"),
    )


def transient(error: BaseException) -> bool:
    """Whether trying again can help: the server is away, changes its primary, or is slow."""
    if isinstance(error, BulkWriteError):
        return bool(error.details.get("writeConcernErrors"))
    return isinstance(
        error, ConnectionFailure | ExecutionTimeout | WTimeoutError | WriteConcernError
    )


class StepStore:
    """The step documents of one service (the port `Store`)."""

    def __init__(self, client: Client, database_name: str, vitals: Vitals) -> None:
        self._steps: AsyncIOMotorCollection[dict[str, Any]] = database(client, database_name).steps
        self._vitals = vitals

    async def ensure(self, held_keys: Sequence[str]) -> None:
        """Make the indexes: unsent outboxes, and one unique one per key of `holds`."""
        unsent = IndexModel([("unsent_since", ASCENDING)], sparse=True)
        unique = [
            IndexModel(
                [("tenant_id", ASCENDING), (f"holds.{key}", ASCENDING)],
                unique=True,
                partialFilterExpression={f"holds.{key}": {"$exists": True}},
            )
            for key in held_keys
        ]
        await self._patiently(lambda: self._steps.create_indexes([unsent, *unique]))

    async def read(self, saga_ids: Sequence[str]) -> Mapping[str, Document]:
        """The documents that exist, by saga id."""
        query = {"_id": {"$in": list(saga_ids)}}
        found = await self._patiently(lambda: self._steps.find(query).to_list(None))
        return {form["_id"]: from_form(form) for form in found}

    async def write(self, documents: Sequence[Document], sent: Sent) -> Sequence[WriteResult]:
        """One unordered bulk: each document if its stored revision is the one it came from.

        The marks go beside it, in a bulk of their own: they have no guard that could miss.
        """
        operations: list[Write] = [
            _insert(one) if one.revision == 0 else _replace(one) for one in documents
        ]
        marks: list[Write] = [_mark(said, sent) for said in sorted(set(sent.values()))]
        writing = self._patiently(lambda: _bulk(self._steps, operations))
        marking = self._patiently(lambda: _bulk(self._steps, marks))
        refused = (await asyncio.gather(writing, marking))[0]
        return [_result(refused.get(index)) for index in range(len(documents))]

    async def unsent(self, older_than_seconds: float, limit: int) -> Sequence[Document]:
        """Documents whose outbox was not marked as sent for that long, by the database's clock."""

        async def find() -> list[dict[str, Any]]:
            now = (await self._steps.database.command("hello"))["localTime"]
            due = Timestamp(int(now.timestamp() - older_than_seconds), TIMESTAMP_LAST)
            cursor = self._steps.find({"unsent_since": {"$lte": due}})
            return await cursor.sort("unsent_since", ASCENDING).limit(limit).to_list(limit)

        return [from_form(form) for form in await self._patiently(find)]

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        return await patiently("mongo", self._vitals, call, transient)


class InstanceStore:
    """The records of living processes: `onboarding_<name>.instances`, gone 60 s after the last."""

    def __init__(self, client: Client, database_name: str, vitals: Vitals) -> None:
        self._instances = database(client, database_name).instances
        self._vitals = vitals

    async def ensure(self) -> None:
        ttl = IndexModel([("seen_at", ASCENDING)], expireAfterSeconds=INSTANCE_SECONDS)
        await patiently(
            "mongo", self._vitals, lambda: self._instances.create_indexes([ttl]), transient
        )

    async def write(self, instance: str, fields: Mapping[str, Any]) -> None:
        """Say that this process lives. An error is left to the caller: the next time will do."""
        changes = {
            "$set": {"instance": instance, **fields},
            "$currentDate": {"seen_at": True},
        }
        await self._instances.update_one({"_id": instance}, changes, upsert=True)

    async def remove(self, instance: str) -> None:
        """Say that this process ends."""
        await self._instances.delete_one({"_id": instance})


async def _bulk(
    collection: AsyncIOMotorCollection[dict[str, Any]],
    operations: Sequence[Write],
) -> dict[int, Mapping[str, Any]]:
    """The duplicate-key errors by the operation's place; any other error is raised."""
    if not operations:
        return {}
    try:
        await collection.bulk_write(list(operations), ordered=False)
    except BulkWriteError as error:
        errors = error.details["writeErrors"]
        foreign = any(item["code"] != DUPLICATE_KEY for item in errors)
        if foreign or error.details.get("writeConcernErrors"):
            raise
        return {item["index"]: item for item in errors}
    return {}


def _insert(document: Document) -> InsertOne[dict[str, Any]]:
    """A new document: cheaper than an upsert, and E11000 on `_id` says that it was not new."""
    form = {"_id": document.context.saga_id, **to_form(document), "revision": 1}
    return InsertOne({**form, "unsent_since": NOW})


def _replace(document: Document) -> UpdateOne:
    """A guarded write. Being an upsert, it answers E11000 on `_id` where the guard misses: that
    names the write that missed, which a count of matches would not."""
    context = document.context
    guard = {
        "_id": context.saga_id,
        "tenant_id": context.tenant_id,
        "revision": document.revision,
    }
    changes = {
        "$set": {**to_form(document), "revision": document.revision + 1},
        "$currentDate": {"unsent_since": {"$type": "timestamp"}},
    }
    return UpdateOne(guard, changes, upsert=True)


def _mark(said: int, sent: Sent) -> UpdateMany:
    """Mark outboxes as sent, but for those into which more was put since.

    One update of many: in MongoDB 6.0 it costs a seventh of an update for each.
    """
    sagas = [saga_id for saga_id, count in sent.items() if count == said]
    return UpdateMany({"_id": {"$in": sagas}, "said": said}, {"$unset": {"unsent_since": ""}})


def _result(error: Mapping[str, Any] | None) -> WriteResult:
    if error is None:
        return Written()
    held = [name for name in error["keyPattern"] if name.startswith("holds.")]
    return Taken(held[0].removeprefix("holds.")) if held else Missed()
