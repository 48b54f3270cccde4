"""What a rebuild works with, in MongoDB: notes of events, sagas that are kept, pairs to compare."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, cast

from pymongo import InsertOne, ReplaceOne
from pymongo.asynchronous.database import AsyncDatabase

from saga_state.building import Building, Range, bucket_of
from saga_state.document import Saga, StoredEvent
from saga_state.notes import Note
from saga_state.store import SagaStore
from saga_state.writing import bulk

AT_ONCE = 500


class MaterialStore:
    """Of one rebuild, whose sagas are shared out to so many buckets."""

    def __init__(
        self, database: AsyncDatabase[dict[str, Any]], building: Building, buckets: int
    ) -> None:
        self._database, self._buckets = database, buckets
        self._notes, self._kept = database[building.notes], database[building.kept]
        self._events, self._sagas = database[building.events], database[building.sagas]
        self.live, self.built = SagaStore(database), SagaStore(database, building)

    async def write_notes(self, notes: Iterable[Note], place: str) -> None:
        """Notes of records that begin at a place; written again they take the place of these."""
        shared: dict[int, list[Note]] = {}
        for note in notes:
            shared.setdefault(bucket_of(note["saga_id"], self._buckets), []).append(note)
        forms = [{"_id": _name(bucket, place), "notes": some} for bucket, some in shared.items()]
        if forms:
            await bulk(
                self._notes, [ReplaceOne({"_id": form["_id"]}, form, upsert=True) for form in forms]
            )

    async def notes_of(self, bucket: int) -> dict[str, list[Note]]:
        """By saga."""
        by_saga: dict[str, list[Note]] = {}
        async for form in self._notes.find(_all_in(bucket)):
            for note in form["notes"]:
                by_saga.setdefault(note["saga_id"], []).append(note)
        return by_saga

    async def drop_notes(self) -> None:
        """They were folded."""
        await self._notes.drop()

    async def keep_missing(self, within: Range) -> int:
        """Keep the events that are live and not among the new ones; returns how many. Their sagas
        are noted before, so that whoever is stopped in between does it again."""
        ids = {form["_id"] async for form in self._live_events.find(_ids_in(within), {"_id": 1})}
        ids -= {form["_id"] async for form in self._events.find(_ids_in(within), {"_id": 1})}
        missing = sorted(ids)
        for first in range(0, len(missing), AT_ONCE):
            some = {"_id": {"$in": missing[first : first + AT_ONCE]}}
            events = cast(list[StoredEvent], await self._live_events.find(some).to_list(None))
            names = {_name(bucket_of(id_, self._buckets), id_) for id_ in _sagas_of(events)}
            await bulk(self._kept, [InsertOne({"_id": name}) for name in names])
            if await self.built.insert_events(events):  # the projector had one of them meanwhile
                await self.built.replace_later(events)
        return len(missing)

    async def kept_in(self, bucket: int) -> list[str]:
        """The sagas of a bucket of which records have left the topics."""
        return [_named(form["_id"]) async for form in self._kept.find(_all_in(bucket))]

    async def kept(self, limit: int) -> tuple[int, list[str]]:
        """How many there are, and some of them."""
        found = await self._kept.find(limit=limit).to_list(limit)
        return await self._kept.count_documents({}), sorted(_named(form["_id"]) for form in found)

    async def count(self) -> tuple[int, int]:
        """How many sagas there are live, and rebuilt."""
        live, built = self._database.sagas, self._sagas
        return await live.estimated_document_count(), await built.estimated_document_count()

    async def pairs(self, within: Range) -> AsyncIterator[tuple[Saga | None, Saga | None]]:
        """Each saga as it is live, and as it was rebuilt; None: it is not there."""
        mine, theirs = _sorted(self._database.sagas, within), _sorted(self._sagas, within)
        one, other = await anext(mine, None), await anext(theirs, None)
        while one is not None or other is not None:
            if other is None or (one is not None and one["_id"] < other["_id"]):
                yield one, None
                one = await anext(mine, None)
            elif one is None or other["_id"] < one["_id"]:
                yield None, other
                other = await anext(theirs, None)
            else:
                yield one, other
                one, other = await anext(mine, None), await anext(theirs, None)

    @property
    def _live_events(self) -> Any:
        return self._database.events


def _sorted(collection: Any, within: Range) -> AsyncIterator[Saga]:
    found = collection.find(_ids_in(within), sort=[("_id", 1)], batch_size=200)
    return cast(AsyncIterator[Saga], aiter(found))


def _sagas_of(events: Iterable[StoredEvent]) -> set[str]:
    return {event["saga_id"] for event in events}


def _name(bucket: int, place: str) -> str:
    return f"{bucket:04x}/{place}"


def _named(name: str) -> str:
    return name.partition("/")[2]


def _all_in(bucket: int) -> Mapping[str, Any]:
    return {"_id": {"$gte": f"{bucket:04x}/", "$lt": f"{bucket:04x}0"}}  # 0 comes after the slash


def _ids_in(within: Range) -> Mapping[str, Any]:
    low, high = within
    return {"_id": {"$gte": low, **({} if high is None else {"$lt": high})}}
