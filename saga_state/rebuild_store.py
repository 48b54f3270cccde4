"""A rebuild in MongoDB: how far it is, and the swap. Of it the projector knows `building` alone.

Everything is written to a majority's journal, as in the live collections. Less was measured and
is not worth its exceptions: with two writes under way at once it costs nothing (DECISIONS.md).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, OperationFailure

from saga_state.building import OVER, Building, Progress, Span, Stage
from saga_state.store import BUILDING
from saga_state.validator_store import NAMESPACE_EXISTS

REBUILD, OWNER = "rebuild", "rebuild-owner"  # in `meta`
LIVE = ("events", "sagas")  # in the order in which they are swapped
_OF_A_REBUILD = re.compile(r"(?:sagas|events|notes|kept)_[0-9]+")


class RebuildStore:
    """The rebuild of a database, of which there is one at a time."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._database, self._meta = database, database.meta

    async def progress(self) -> Progress | None:
        """How far the rebuild is; None: there never was one."""
        found = await self._meta.find_one({"_id": REBUILD})
        return _progress(found) if found else None

    async def hold(self, owner: str, seconds: float) -> bool:
        """Whether the rebuild is this process's for so long, by the server's clock."""
        try:
            found: Any = await self._meta.find_one_and_update(
                {"_id": OWNER},
                _renewal(owner, seconds),
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:  # two made it at once
            return False
        return bool(found["owner"] == owner)

    async def give_back(self, owner: str) -> None:
        """Somebody else may go on at once."""
        await self._meta.delete_one({"_id": OWNER, "owner": owner})

    async def begin(self, now: datetime) -> Progress:
        """A new one, under a new number."""
        changes = {
            "$inc": {"number": 1},
            "$set": {"stage": "begun", "begun_at": now, "spans": [], "folded": [], "uuids": {}},
        }
        found: Any = await self._meta.find_one_and_update(
            {"_id": REBUILD}, changes, upsert=True, return_document=ReturnDocument.AFTER
        )
        return _progress(found)

    async def open(self, building: Building) -> None:
        """Make its collections, as far as they are not there. From then on the projector writes
        to them too."""
        await self.drop_leftovers(building)
        for name in (building.events, building.sagas):
            await self._create(name)
        uuids = await self._uuids()
        made = {"events": uuids[building.events], "sagas": uuids[building.sagas]}
        await self._change(building, {"$set": {"uuids": made}})
        await self._meta.replace_one({"_id": BUILDING}, {"number": building.number}, upsert=True)

    async def is_open(self) -> bool:
        """Whether a rebuild was begun that is neither swapped nor dropped."""
        progress = await self.progress()
        return progress is not None and not progress.is_over

    async def drop_leftovers(self, building: Building | None = None) -> None:
        """What is left of others than this one, and what workers of the projection wrote there
        since."""
        own = building.collections if building else ()
        for name in await self._database.list_collection_names():
            if _OF_A_REBUILD.fullmatch(name) and name not in own:
                await self._database.drop_collection(name)

    async def plan(self, building: Building, spans: Sequence[Span], buckets: int) -> Progress:
        """What is to be read and folded. The spans were looked up after `open`: what comes behind
        their ends the projector writes, for it asks for `building` when it has the records."""
        forms = [
            {"topic": s.topic, "partition": s.partition, "begin": s.begin, "end": s.end,
             "at": s.begin, "poison": 0} for s in spans
        ]  # fmt: skip
        done = {"spans": forms, "folded": [False] * buckets, "stage": "reading"}
        return await self._change(building, {"$set": done})

    async def enter(self, building: Building, stage: Stage) -> Progress:
        """The next stage. Stages go one way, whoever else has taken this rebuild over meanwhile:
        GoneError."""
        passed = [*OVER, "swapping"] if stage == "ready" else OVER
        return await self._change(building, {"$set": {"stage": stage}}, passed)

    async def read_up_to(self, building: Building, span: int, offset: int, poison: int) -> None:
        """All before that offset is kept and noted; so many of it more were none of ours."""
        at, count = f"spans.{span}.at", f"spans.{span}.poison"
        await self._change(building, {"$set": {at: offset}, "$inc": {count: poison}})

    async def folded(self, building: Building, bucket: int) -> None:
        """That bucket is done."""
        await self._change(building, {"$set": {f"folded.{bucket}": True}})

    async def swap(self, building: Building) -> Progress:
        """The new collections take the names of the live ones, which are dropped. Told again, it
        goes on where it was stopped: a collection is known by its UUID, for under its old name the
        projector may have made another meanwhile. Raises GoneError."""
        progress = await self.progress()
        if progress is not None and (progress.building, progress.stage) == (building, "swapped"):
            return progress
        await self.enter(building, "swapping")
        form = await self._meta.find_one({"_id": REBUILD}) or {}
        for live, name in zip(LIVE, (building.events, building.sagas), strict=True):
            await self._rename(name, live, form["uuids"][live])
        return await self._close(building, "swapped")

    async def drop(self, building: Building) -> Progress:
        """Give it up: the projector writes to it no longer, and it is gone."""
        return await self._close(building, "dropped")

    async def _close(self, building: Building, stage: Stage) -> Progress:
        await self._meta.delete_one({"_id": BUILDING})
        for name in building.collections:
            await self._database.drop_collection(name)
        return await self.enter(building, stage)

    async def _rename(self, name: str, live: str, uuid: Any) -> None:
        uuids = await self._uuids()
        if uuids.get(live) == uuid:
            return
        if uuids.get(name) != uuid:
            raise GoneError(name)
        await self._database[name].rename(live, dropTarget=True)

    async def _change(
        self, building: Building, changes: Mapping[str, Any], passed: Sequence[str] = OVER
    ) -> Progress:
        found: Any = await self._meta.find_one_and_update(
            {"_id": REBUILD, "number": building.number, "stage": {"$nin": list(passed)}},
            changes,
            return_document=ReturnDocument.AFTER,
        )
        if found is None:
            raise GoneError(building.sagas)
        return _progress(found)

    async def _create(self, name: str) -> None:
        """Without indexes and validator: they come when all is in it (SagaStore.ensure), for half
        of what they would cost from the beginning."""
        try:
            await self._database.create_collection(name, check_exists=False)
        except OperationFailure as error:
            if error.code != NAMESPACE_EXISTS:
                raise

    async def _uuids(self) -> dict[str, Any]:
        found = await self._database.list_collections()
        return {form["name"]: form["info"].get("uuid") async for form in found}


class GoneError(Exception):
    """A collection of the rebuild is not there any more, it is over, or another has begun."""


def _progress(form: Mapping[str, Any]) -> Progress:
    spans = form["spans"]
    return Progress(
        Building(form["number"]),
        form["stage"],
        form["begun_at"],
        [Span(one["topic"], one["partition"], one["begin"], one["end"]) for one in spans],
        [one["at"] for one in spans],
        [one["poison"] for one in spans],
        form["folded"],
    )


def _renewal(owner: str, seconds: float) -> list[Mapping[str, Any]]:
    ended = {"$lte": [{"$ifNull": ["$until", "$$NOW"]}, "$$NOW"]}
    until = {"$add": ["$$NOW", round(seconds * 1000)]}
    return [
        {"$set": {"_gets": {"$or": [{"$eq": ["$owner", owner]}, ended]}}},
        {"$set": {"owner": {"$cond": ["$_gets", owner, "$owner"]}}},
        {"$set": {"until": {"$cond": ["$_gets", until, "$until"]}}},
        {"$unset": "_gets"},
    ]
