"""The step documents of one service on MongoDB: guarded bulk writes, and what each came to."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pymongo import ASCENDING, IndexModel, InsertOne, ReplaceOne, UpdateMany
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError

from contracts.envelope import Context
from services.runtime.document import Document
from services.runtime.document_form import from_form, to_form
from services.runtime.mongo import Client, database, transient
from services.runtime.patience import patiently, pause_seconds
from services.runtime.ports import Missed, Sent, Taken, Unknown, WriteResult, Written
from services.runtime.vitals import Vitals

T = TypeVar("T")
Write = InsertOne[dict[str, Any]] | ReplaceOne[dict[str, Any]] | UpdateMany
DUPLICATE_KEY = 11_000


class StepStore:
    """The step documents of one service (the port `Store`)."""

    def __init__(
        self, client: Client, database_name: str, vitals: Vitals, now: Callable[[], datetime]
    ) -> None:
        self._now = now
        self._steps: AsyncCollection[dict[str, Any]] = database(client, database_name).steps
        self._vitals = vitals

    async def ensure(self, held_keys: Sequence[str]) -> None:
        """Make the indexes: what is due, and a unique one per key of `holds`."""
        due = IndexModel(
            [("due_at", ASCENDING)],
            name="due",
            partialFilterExpression={"due_at": {"$type": "date"}},
        )
        unique = [
            IndexModel(
                [("tenant_id", ASCENDING), (f"holds.{key}", ASCENDING)],
                unique=True,
                partialFilterExpression={f"holds.{key}": {"$exists": True}},
            )
            for key in held_keys
        ]
        await self._patiently(lambda: self._steps.create_indexes([due, *unique]))

    async def read(self, saga_ids: Sequence[str]) -> Mapping[str, Document]:
        """The documents that exist, by saga id."""
        query = {"_id": {"$in": list(saga_ids)}}
        found = await self._patiently(lambda: self._steps.find(query).to_list(None))
        return {form["_id"]: from_form(form) for form in found}

    async def write(self, documents: Sequence[Document], sent: Sent) -> Sequence[WriteResult]:
        """One unordered bulk: each document if its stored revision is the one it came from.

        The marks go beside it, in a bulk of their own: they have no guard that could miss.
        """
        now = self._now()
        operations: list[Write] = [_written(one, now) for one in documents]
        refused, _ = await asyncio.gather(self._once(operations), self._mark(sent))
        if refused is None:
            return [Unknown()] * len(documents)
        return [_result(refused.get(index)) for index in range(len(documents))]

    async def clear_watches(self, answered: Sequence[Context]) -> None:
        """One update for each tenant. The revision goes on, so that a watch that fires misses."""
        sagas: dict[str, list[str]] = defaultdict(list)
        for context in answered:
            sagas[context.tenant_id].append(context.saga_id)
        clears: list[Write] = [_clear(tenant, ids) for tenant, ids in sagas.items()]
        await self._patiently(lambda: _bulk(self._steps, clears))

    async def due(self, now: datetime, limit: int) -> Sequence[Document]:
        """By the index of what is due, which finished documents are not in."""
        query = {"due_at": {"$type": "date", "$lte": now}}

        async def find() -> list[dict[str, Any]]:
            found = self._steps.find(query, sort=[("due_at", ASCENDING)], hint="due", limit=limit)
            return await found.to_list(limit)

        return [from_form(form) for form in await self._patiently(find)]

    async def put_off(self, saga_ids: Sequence[str], until: datetime) -> None:
        """Of those that still watch or are still due, and never beyond a try or a deadline: they
        may have been written since they were looked at."""
        still = [{"watch_at": {"$type": "date"}}, {"due_at": {"$lte": self._now()}}]
        query = {"_id": {"$in": list(saga_ids)}, "due_at": {"$type": "date"}, "$or": still}
        soon = min(until, self._now() + timedelta(seconds=1))
        due_at = {"$max": [soon, {"$min": [until, "$try_at", "$deadline_at"]}]}
        later = [{"$set": {"due_at": due_at}}]
        await self._patiently(lambda: self._steps.update_many(query, later, hint="_id_"))

    async def _mark(self, sent: Sent) -> None:
        """Nothing is asked where nothing is to be marked: that would pass for an answer of a server
        that is away."""
        marks: list[Write] = [_mark(said, sent) for said in sorted(set(sent.values()))]
        if marks:
            await self._patiently(lambda: _bulk(self._steps, marks))

    async def _once(self, operations: Sequence[Write]) -> dict[int, Mapping[str, Any]] | None:
        """None if nobody knows what came of it: it is not said again after an outage, for the
        times in it would be from before."""
        try:
            return await _bulk(self._steps, operations)
        except Exception as error:
            if not transient(error):
                raise
            self._vitals.waits("mongo", type(error).__name__)
            await asyncio.sleep(pause_seconds(1))
            return None

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        return await patiently("mongo", self._vitals, call, transient)


async def _bulk(
    collection: AsyncCollection[dict[str, Any]],
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


def _written(document: Document, now: datetime) -> Write:
    """A new document is inserted: cheaper than an upsert, and E11000 on `_id` says that it was not
    new. Another is replaced under a guard; being an upsert, that answers E11000 on `_id` where the
    guard misses, which names the write that missed, as a count of matches would not. Of another
    tenant is only what an undo blocked before anything was known of the saga."""
    context, due_at = document.context, document.due_at(now)
    form = {"_id": context.saga_id, **to_form(document), "revision": document.revision + 1}
    if due_at is not None:
        form["due_at"] = due_at
    if document.revision == 0:
        return InsertOne(form)
    guard = {
        "_id": context.saga_id,
        "revision": document.revision,
        "$or": [{"tenant_id": context.tenant_id}, {"trigger": None}],
    }
    return ReplaceOne(guard, form, upsert=True)


def _mark(said: int, sent: Sent) -> UpdateMany:
    """Mark outboxes as sent, but for those into which more was put since.

    One update of many: in MongoDB 6.0 it costs a seventh of an update for each.
    """
    sagas = [saga_id for saga_id, count in sent.items() if count == said]
    times = {"$min": ["$try_at", "$deadline_at", "$watch_at"]}
    changes = {"$set": {"sent": said, "due_at": times}}
    return UpdateMany({"_id": {"$in": sagas}, "said": said}, [changes])


def _clear(tenant_id: str, saga_ids: Sequence[str]) -> UpdateMany:
    query = {
        "_id": {"$in": list(saga_ids)},
        "tenant_id": tenant_id,
        "state": "done",
        "watch_at": {"$type": "date"},
    }
    return UpdateMany(query, {"$unset": {"watch_at": "", "due_at": ""}, "$inc": {"revision": 1}})


def _result(error: Mapping[str, Any] | None) -> WriteResult:
    if error is None:
        return Written()
    held = [name for name in error["keyPattern"] if name.startswith("holds.")]
    return Taken(held[0].removeprefix("holds.")) if held else Missed()
