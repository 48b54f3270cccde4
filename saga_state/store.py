"""The projection in MongoDB. The only module here that imports the driver.

Errors of the driver are raised as they are; `transient` tells which to try again.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC
from typing import Any, cast

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient, IndexModel, InsertOne, ReplaceOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    WriteConcernError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from saga_state import queries, schema
from saga_state.building import Building
from saga_state.document import SCHEMA_VERSION, Saga, StoredEvent
from saga_state.queries import Query, Wanted
from saga_state.records import ORDER, SAME

Client = AsyncMongoClient[dict[str, Any]]
Documents = AsyncCollection[dict[str, Any]]
DUPLICATE_KEY, NAMESPACE_EXISTS = 11_000, 48
BUILDING = "building"  # in `meta`: names the collections that a rebuild fills


def database(client: Client, prefix: str = "") -> AsyncDatabase[dict[str, Any]]:
    """`<prefix>saga_state`, written to a majority's journal, whatever the URI says."""
    return client.get_database(
        f"{prefix}saga_state",
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


class SagaStore:
    """Sagas and their events: the port `Keeper` of the projector, and what people ask.

    Of a `building` it is those that a rebuild fills, and swaps with the others (rebuild_store.py).
    """

    def __init__(
        self, database: AsyncDatabase[dict[str, Any]], building: Building | None = None
    ) -> None:
        self._database = database
        self._sagas: Documents = database[building.sagas if building else "sagas"]
        self._events: Documents = database[building.events if building else "events"]
        self._first_revision = building.first_revision if building else 0

    async def ensure(self) -> None:
        """Make collections, validators and indexes that are not there; nothing is dropped."""
        await self._ensure(self._sagas, schema.SAGA, queries.SAGA_INDEXES)
        await self._ensure(self._events, schema.EVENT, queries.EVENT_INDEXES)
        version = {"$max": {"schema_version": SCHEMA_VERSION}}
        await self._database.meta.update_one({"_id": "sagas"}, version, upsert=True)

    async def building(self) -> "SagaStore | None":
        """What a rebuild fills now, if there is one. The projector asks with each batch."""
        found = await self._database.meta.find_one({"_id": BUILDING})
        return SagaStore(self._database, Building(found["number"])) if found else None

    async def insert_events(self, events: Sequence[StoredEvent]) -> Mapping[str, StoredEvent]:
        """See Keeper. One bulk; one read more if some are kept already."""
        refused = await bulk(self._events, [InsertOne(dict(event)) for event in events])
        if not refused:
            return {}
        ids = [events[index]["_id"] for index in refused]
        fields = [*ORDER, *SAME, "topic"]
        found = await self._events.find({"_id": {"$in": ids}}, fields).to_list(None)
        return {form["_id"]: cast(StoredEvent, form) for form in found}

    async def replace_later(self, events: Sequence[StoredEvent]) -> None:
        """See Keeper. One bulk."""
        await bulk(self._events, [ReplaceOne(_if_later(event), dict(event)) for event in events])

    async def read_sagas(self, saga_ids: Collection[str]) -> Mapping[str, Saga]:
        """Those that exist, by id, of whatever tenant."""
        found = await self._sagas.find({"_id": {"$in": list(saga_ids)}}).to_list(None)
        return {form["_id"]: cast(Saga, form) for form in found}

    async def write_sagas(self, sagas: Sequence[Saga]) -> Collection[str]:
        """See Keeper. One bulk: where the revision misses, E11000 on `_id` tells."""
        first = self._first_revision
        refused = await bulk(self._sagas, [_if_unchanged(saga, first) for saga in sagas])
        return {sagas[index]["_id"] for index in refused}

    async def find(self, tenant_id: str, text: str, limit: int = 50) -> list[Saga]:
        """The saga of that id, else those of that partner, else of that correlation id."""
        one = await self._sagas.find_one({"_id": text, "tenant_id": tenant_id})
        if one is not None:
            return [cast(Saga, one)]
        of_partner, of_correlation = queries.of_any_id(tenant_id, text)
        return await self.ask(of_partner, limit) or await self.ask(of_correlation, limit)

    async def find_by_hash(self, tenant_id: str, text: str, limit: int = 50) -> list[Saga]:
        """The sagas of an e-mail address, by `partner_hash` of it; the latest started first."""
        return await self.ask(queries.of_partner_hash(tenant_id, text), limit)

    async def listed(self, tenant_id: str, wanted: Wanted, limit: int = 50) -> list[Saga]:
        """A page of the sagas that are wanted (see Wanted for the order)."""
        return await self.ask(queries.listed(tenant_id, wanted), limit)

    async def timeline(self, tenant_id: str, saga_id: str, limit: int = 1000) -> list[StoredEvent]:
        """The events of a saga by their times."""
        query = queries.timeline(tenant_id, saga_id)
        return cast(list[StoredEvent], await _ask(self._events, query, limit))

    async def counts(self, tenant_id: str) -> dict[str, int]:
        """How many sagas have each status that occurs."""
        steps: list[Mapping[str, Any]] = [
            {"$match": {"tenant_id": tenant_id}},
            {"$group": {"_id": "$status", "count": {"$sum": 1}}},
        ]
        found = await (await self._sagas.aggregate(steps, hint="by_status")).to_list(None)
        return {form["_id"]: form["count"] for form in found}

    async def ask(self, query: Query, limit: int) -> list[Saga]:
        """The sagas that a query of queries.py finds."""
        return cast(list[Saga], await _ask(self._sagas, query, limit))

    async def _ensure(
        self, collection: Documents, validator: schema.Schema, indexes: Mapping[str, queries.Keys]
    ) -> None:
        rule = {"$jsonSchema": validator}
        try:
            await self._database.create_collection(
                collection.name, check_exists=False, validator=rule
            )
        except OperationFailure as error:
            if error.code != NAMESPACE_EXISTS:
                raise
            await self._database.command("collMod", collection.name, validator=rule)
        models = [
            IndexModel(list(keys), name=name, **queries.INDEX_OPTIONS.get(name, {}))
            for name, keys in indexes.items()
        ]
        await collection.create_indexes(models)


async def _ask(collection: Documents, query: Query, limit: int) -> list[dict[str, Any]]:
    found = collection.find(query.filter, sort=list(query.sort), hint=query.hint, limit=limit)
    return await found.to_list(limit)


async def bulk(
    collection: Documents, operations: Sequence[InsertOne[Any] | ReplaceOne[Any]]
) -> Collection[int]:
    """The places of the operations that met E11000; any other error is raised.

    What they met is then in a majority's journal too: the server waits for it before it answers
    a refused write (LastOpFixer). So the next read sees it, and nothing rests on a write that a
    change of primary could take back.
    """
    try:
        await collection.bulk_write(list(operations), ordered=False)
    except BulkWriteError as error:
        errors = error.details["writeErrors"]
        foreign = any(item["code"] != DUPLICATE_KEY for item in errors)
        if foreign or error.details.get("writeConcernErrors"):
            raise
        return [item["index"] for item in errors]
    return []


def _if_unchanged(saga: Saga, first_revision: int) -> InsertOne[Any] | ReplaceOne[Any]:
    """A new saga is inserted, which is cheaper than the upsert of one that is stored."""
    if saga["revision"] == 0:
        return InsertOne({**saga, "revision": first_revision + 1})
    guard = {"_id": saga["_id"], "revision": saga["revision"]}
    return ReplaceOne(guard, {**saga, "revision": saga["revision"] + 1}, upsert=True)


def _if_later(event: StoredEvent) -> Mapping[str, Any]:
    """That the kept one comes later by ORDER: the first field that differs is greater."""
    form: Mapping[str, Any] = dict(event)
    later = [
        {**{same: form[same] for same in ORDER[:place]}, field: {"$gt": form[field]}}
        for place, field in enumerate(ORDER)
    ]
    return {"_id": event["_id"], "$or": later}
