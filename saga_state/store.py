"""The projection in MongoDB.

Errors of the driver are raised as they are; `transient` tells which to try again.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient, IndexModel, InsertOne, ReadPreference, ReplaceOne
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
from saga_state.validator_store import ensure_collection
from saga_state.writing import Documents, bulk, if_later, if_unchanged

Client = AsyncMongoClient[dict[str, Any]]
Database = AsyncDatabase[dict[str, Any]]
READ_AT_ONCE = 200
BUILDING = "building"  # in `meta`: names the collections that a rebuild fills
HASH_KEY = "hash-key"  # in `meta`
SWAPPED = frozenset({43, 175})  # CursorNotFound, QueryPlanKilled: of a collection that was swapped


def database(client: Client, prefix: str = "") -> Database:
    """`<prefix>saga_state`, written to a majority's journal, whatever the URI says."""
    return client.get_database(
        f"{prefix}saga_state",
        codec_options=CodecOptions(tz_aware=True, tzinfo=UTC),
        write_concern=WriteConcern(w="majority", j=True, wtimeout=15_000),
        read_concern=ReadConcern("majority"),
        read_preference=ReadPreference.PRIMARY,
    )


def transient(error: BaseException) -> bool:
    """Whether trying again can help: the server is away, changes its primary, or is slow, or a
    rebuild was swapped under it."""
    if isinstance(error, BulkWriteError):
        codes = {item["code"] for item in error.details.get("writeErrors", ())}
        return bool(error.details.get("writeConcernErrors")) or bool(codes & SWAPPED)
    if isinstance(error, OperationFailure) and error.code in SWAPPED:
        return True
    return isinstance(
        error, ConnectionFailure | ExecutionTimeout | WTimeoutError | WriteConcernError
    )


class SagaStore:
    """Sagas and their events: the port `Keeper` of the projector, and what people ask.

    Of a `building` it is those that a rebuild fills, and swaps with the others (rebuild_store.py).
    `without`: fields of sagas that are not read, for whoever has no use of them.
    """

    def __init__(
        self,
        database: Database,
        building: Building | None = None,
        without: Collection[str] = (),
    ) -> None:
        self._database = database
        self._sagas: Documents = database[building.sagas if building else "sagas"]
        self._events: Documents = database[building.events if building else "events"]
        self._fields = dict.fromkeys(without, 0) or None
        self._first_revision = building.first_revision if building else 0

    async def ensure(self) -> None:
        """Make collections, validators and indexes that are not there; nothing is dropped."""
        await ensure_collection(self._database, self._sagas.name, schema.SAGA)
        await ensure_collection(self._database, self._events.name, schema.EVENT)
        await self.ensure_indexes()
        version = {"$max": {"schema_version": SCHEMA_VERSION}}
        await self._database.meta.update_one({"_id": "sagas"}, version, upsert=True)

    async def building(self) -> "SagaStore | None":
        """What a rebuild fills now, if there is one. The projector asks with each batch."""
        found = await self._database.meta.find_one({"_id": BUILDING})
        return SagaStore(self._database, Building(found["number"])) if found else None

    async def note_hash_key(self, fingerprint: str) -> None:
        """Which key this projection hashes e-mail addresses with (partner_hash.fingerprint)."""
        noted = {"$set": {"fingerprint": fingerprint}}
        await self._database.meta.update_one({"_id": HASH_KEY}, noted, upsert=True)

    async def hash_key(self) -> str | None:
        """What was noted last."""
        found = await self._database.meta.find_one({"_id": HASH_KEY})
        return found["fingerprint"] if found else None

    async def ensure_indexes(self) -> None:
        """Make the indexes that are not there."""
        for collection, indexes in (
            (self._sagas, queries.SAGA_INDEXES),
            (self._events, queries.EVENT_INDEXES),
        ):
            models = [
                IndexModel(list(keys), name=name, **queries.INDEX_OPTIONS.get(name, {}))
                for name, keys in indexes.items()
            ]
            await collection.create_indexes(models)

    async def insert_events(self, events: Sequence[StoredEvent]) -> Mapping[str, StoredEvent]:
        """See Keeper. One bulk; one read more if some are kept already."""
        if not events:  # of records that could not be read: MongoDB refuses an empty bulk
            return {}
        refused = await bulk(self._events, [InsertOne(dict(event)) for event in events])
        if not refused:
            return {}
        ids = [events[index]["_id"] for index in refused]
        fields = [*ORDER, *SAME, "topic"]
        found = await self._events.find({"_id": {"$in": ids}}, fields).to_list(None)
        return {form["_id"]: cast(StoredEvent, form) for form in found}

    async def replace_later(self, events: Sequence[StoredEvent]) -> None:
        """See Keeper. One bulk."""
        await bulk(self._events, [ReplaceOne(if_later(event), dict(event)) for event in events])

    async def read_sagas(self, saga_ids: Collection[str]) -> Mapping[str, Saga]:
        """Those that exist, by id, of whatever tenant."""
        found = await self._sagas.find({"_id": {"$in": list(saga_ids)}}, self._fields).to_list(None)
        return {form["_id"]: cast(Saga, form) for form in found}

    async def known(self, saga_ids: Collection[str]) -> set[str]:
        """Which of them exist, of whatever tenant."""
        found = await self._sagas.find({"_id": {"$in": list(saga_ids)}}, {"_id": 1}).to_list(None)
        return {form["_id"] for form in found}

    async def write_sagas(self, sagas: Sequence[Saga]) -> Collection[str]:
        """See Keeper. One bulk: where the revision misses, E11000 on `_id` tells."""
        first = self._first_revision
        refused = await bulk(self._sagas, [if_unchanged(saga, first) for saga in sagas])
        return {sagas[index]["_id"] for index in refused}

    async def find(self, tenant_id: str, text: str, limit: int = 50) -> list[Saga]:
        """The saga of that id, else those of that partner, else of that correlation id."""
        one = await self._sagas.find_one({"_id": text, "tenant_id": tenant_id}, self._fields)
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

    async def find_beginning(self, tenant_id: str, text: str, limit: int = 50) -> list[Saga]:
        """Those one of whose ids begins with a text, at most `limit`, the latest updated first."""
        pages = [await self.ask(one, limit) for one in queries.beginning_with(tenant_id, text)]
        found = {saga["_id"]: saga for page in pages for saga in page}
        return sorted(found.values(), key=lambda saga: saga["updated_at"], reverse=True)[:limit]

    async def under_way(self, tenant_id: str, journey: str, limit: int) -> tuple[list[Saga], int]:
        """Those of a journey that have not ended, the latest updated first; and how many."""
        query = queries.under_way(tenant_id, journey)
        count = await self._sagas.count_documents(query.filter, hint=query.hint)
        return await self.ask(query, limit), count

    async def digest_of_event(self, id_: str) -> str | None:
        """What tells the body of the event of that identity from another's; None: not seen."""
        found = await self._events.find_one({"_id": id_}, {"digest": 1})
        return found["digest"] if found else None

    async def has_heard(self, tenant_id: str, saga_id: str, type_: str) -> bool:
        """Whether an event of that name is among those of a saga."""
        query = queries.timeline(tenant_id, saga_id)
        wanted = {**query.filter, "type": type_}
        return await self._events.find_one(wanted, {"_id": 1}, hint=query.hint) is not None

    async def changed_since(
        self, tenant_id: str, wanted: Wanted, time: datetime
    ) -> AsyncIterator[Saga]:
        """See queries.changed_since. One after the other: what is told anew of a saga is enough."""
        query = queries.changed_since(tenant_id, wanted, time)
        found = self._sagas.find(
            query.filter,
            self._fields,
            sort=list(query.sort),
            hint=query.hint,
            batch_size=READ_AT_ONCE,
        )
        async with found:
            async for form in found:
                yield cast(Saga, form)

    async def first_start(self, tenant_id: str) -> datetime | None:
        """When the first saga that is kept was started; it looks at all of them."""
        steps: list[Mapping[str, Any]] = [
            {"$match": {"tenant_id": tenant_id}},
            {"$group": {"_id": None, "at": {"$min": "$initiated_at"}}},
        ]
        found = await (await self._sagas.aggregate(steps, hint="by_update")).to_list(None)
        return found[0]["at"] if found else None

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
        return cast(list[Saga], await _ask(self._sagas, query, limit, self._fields))


async def _ask(
    collection: Documents, query: Query, limit: int, fields: Mapping[str, int] | None = None
) -> list[dict[str, Any]]:
    order = list(query.sort)
    found = collection.find(query.filter, fields, sort=order, hint=query.hint, limit=limit)
    return await found.to_list(limit)
