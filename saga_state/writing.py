"""Writes to MongoDB in bulk: what they meet, and what they are guarded by."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pymongo import InsertOne, ReplaceOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError

from saga_state.document import Saga, StoredEvent
from saga_state.records import ORDER

Documents = AsyncCollection[dict[str, Any]]
DUPLICATE_KEY = 11_000


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


def if_unchanged(saga: Saga, first_revision: int) -> InsertOne[Any] | ReplaceOne[Any]:
    """A new saga is inserted, which is cheaper than the upsert of one that is stored."""
    if saga["revision"] == 0:
        return InsertOne({**saga, "revision": first_revision + 1})
    guard = {"_id": saga["_id"], "revision": saga["revision"]}
    return ReplaceOne(guard, {**saga, "revision": saga["revision"] + 1}, upsert=True)


def if_later(event: StoredEvent) -> Mapping[str, Any]:
    """That the kept one comes later by ORDER: the first field that differs is greater."""
    form: Mapping[str, Any] = dict(event)
    later = [
        {**{same: form[same] for same in ORDER[:place]}, field: {"$gt": form[field]}}
        for place, field in enumerate(ORDER)
    ]
    return {"_id": event["_id"], "$or": later}
