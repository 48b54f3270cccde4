"""What MongoDB has for a service besides its documents: signs of life, a lease, the time."""

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from services.runtime.mongo import Client, database, transient
from services.runtime.patience import patiently
from services.runtime.sweeping import Lease
from services.runtime.vitals import Vitals

INSTANCE_SECONDS = 60
MOVED_AT_ONCE = 1_000
# While times are moved the lease stays with whoever moves them: another would move them again.
_LEASE_GOES_ON = {"$max": ["$until", {"$add": ["$$NOW", 10_000]}]}
LIMITS = ("deadline_at", "watch_at", "give_up_at")


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
        """Say that this process lives. If the server is away the next time will do."""
        changes = {
            "$set": {"instance": instance, **fields},
            "$currentDate": {"seen_at": True},
        }
        await _once(self._instances.update_one({"_id": instance}, changes, upsert=True))

    async def ping(self) -> None:
        """Have the server answer; an error of the driver if it does not."""
        await self._instances.find_one({}, {"_id": 1})

    async def remove(self, instance: str) -> None:
        """Say that this process ends; its record goes by itself if the server is away."""
        await _once(self._instances.delete_one({"_id": instance}))


async def instances_of(client: Client, database_name: str) -> list[dict[str, Any]]:
    """The records of the processes of a service that lived in the last minute."""
    found: list[dict[str, Any]] = (
        await database(client, database_name).instances.find({}).to_list(1_000)
    )
    return found


async def _once(call: Awaitable[Any]) -> None:
    try:
        await call
    except Exception as error:
        if not transient(error):
            raise


class TimeStore:
    """The time, the sweeper's lease, and the times of waiting documents (the port `TimeKeeper`)."""

    def __init__(self, client: Client, database_name: str, vitals: Vitals) -> None:
        self._database = database(client, database_name)
        self._vitals = vitals

    async def time(self) -> datetime:
        """See TimeKeeper."""

        async def ask() -> datetime:
            options = self._database.codec_options  # which a command does not go by of itself
            told = await self._database.command("hello", codec_options=options)
            now: datetime = told["localTime"]
            return now

        return await patiently("mongo", self._vitals, ask, transient)

    async def has_waiting(self) -> bool:
        """See TimeKeeper."""
        query = {"due_at": {"$type": "date"}}

        async def ask() -> bool:
            return await self._database.steps.find_one(query, {"_id": 1}, hint="due") is not None

        return await patiently("mongo", self._vitals, ask, transient)

    async def renew(self, owner: str, seconds: float, most_gap_seconds: float) -> Lease:
        """See TimeKeeper. One update, by the server's own clock."""

        async def ask() -> Lease:
            found: Any = await self._database.leases.find_one_and_update(
                {"_id": "sweeper"},
                _renewal(owner, seconds, most_gap_seconds),
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
            return Lease(
                found["owner"], found["until"], found["fence"], found.get("gap_ms", 0) / 1000
            )

        try:
            return await patiently("mongo", self._vitals, ask, transient)
        except DuplicateKeyError:  # two made the first lease at once: it is there now
            return await patiently("mongo", self._vitals, ask, transient)

    async def give_back(self, owner: str) -> None:
        """See TimeKeeper."""
        mine = {"_id": "sweeper", "owner": owner}
        now = [{"$set": {"until": "$$NOW", "counted_until": "$$NOW"}}]

        async def ask() -> None:
            await self._database.leases.update_one(mine, now)

        await patiently("mongo", self._vitals, ask, transient)

    async def shift(self, seconds: float) -> None:
        """See TimeKeeper. The revision goes on: whoever decided from the times of before must miss,
        or would write them back. A try is not moved: it may have been set when all was well again,
        and would come after the deadline.

        A page at a time, the latest due first: what was moved is later still and not met again. One
        update of all would, with hundreds of thousands under way, take longer than the client waits
        for it; each try would begin another beside it, and the server would do nothing else.
        """
        later: dict[str, Any] = {
            name: {"$add": [f"${name}", round(seconds * 1000)]} for name in LIMITS
        }  # of a time that is not there: null, which reads as none
        later["revision"] = {"$add": ["$revision", 1]}
        unsent = {"$cond": [{"$lt": ["$sent", "$said"]}, "$due_at", None]}
        due = {"$set": {"due_at": {"$min": ["$try_at", "$deadline_at", "$watch_at", unsent]}}}
        change = [{"$set": later}, due]
        async for ids in self._waiting_pages():
            await self._on_lease({"until": _LEASE_GOES_ON})
            await patiently("mongo", self._vitals, partial(self._move, ids, change), transient)
        counted = {"$add": ["$counted_until", round(seconds * 1000)]}
        await self._on_lease({"counted_until": {"$min": ["$$NOW", counted]}})

    async def _move(self, ids: Sequence[str], change: Sequence[Mapping[str, Any]]) -> None:
        waiting = {"_id": {"$in": list(ids)}, "due_at": {"$type": "date"}}
        await self._database.steps.update_many(waiting, change)

    async def _on_lease(self, fields: Mapping[str, Any]) -> None:
        async def ask() -> None:
            await self._database.leases.update_one({"_id": "sweeper"}, [{"$set": fields}])

        await patiently("mongo", self._vitals, ask, transient)

    async def _waiting_pages(self) -> AsyncIterator[Sequence[str]]:
        """The ids of all that wait, the latest due first; those due at one moment are told once."""
        until: datetime | None = None
        told: list[str] = []
        while page := await self._page(until, told):
            ids = [one["_id"] for one in page]
            yield ids
            last = page[-1]["due_at"]
            told = told if last == until else []
            until, told = last, [*told, *(one["_id"] for one in page if one["due_at"] == last)]

    async def _page(self, until: datetime | None, told: Sequence[str]) -> list[dict[str, Any]]:
        due: dict[str, Any] = {"$type": "date"} | ({"$lte": until} if until else {})
        query = {"due_at": due, "_id": {"$nin": list(told)}}

        async def ask() -> list[dict[str, Any]]:
            found = self._database.steps.find(
                query, {"due_at": 1}, sort=[("due_at", -1)], hint="due", limit=MOVED_AT_ONCE
            )
            return await found.to_list(None)

        return await patiently("mongo", self._vitals, ask, transient)


def _renewal(owner: str, seconds: float, most_gap_seconds: float) -> list[Mapping[str, Any]]:
    """`counted_until` goes on unless the gap since then is too large: that, only `shift` closes."""
    free = {"$or": [{"$not": ["$owner"]}, {"$lte": ["$until", "$$NOW"]}]}
    mine = {"$eq": ["$owner", owner]}
    gap = {"$subtract": ["$$NOW", {"$ifNull": ["$counted_until", "$$NOW"]}]}
    small = {"$lte": [gap, round(most_gap_seconds * 1000)]}
    return [
        {"$set": {"_mine": mine, "_gets": {"$or": [mine, free]}}},
        {
            "$set": {
                "fence": {"$add": [{"$ifNull": ["$fence", 0]}, _if_new(1, 0)]},
                "gap_ms": _if_got(gap, "$gap_ms"),
                "counted_until": {
                    "$cond": [{"$and": ["$_gets", small]}, "$$NOW", "$counted_until"]
                },
                "until": _if_got({"$add": ["$$NOW", round(seconds * 1000)]}, "$until"),
                "owner": _if_got({"$literal": owner}, "$owner"),
            }
        },
        {"$unset": ["_mine", "_gets"]},
    ]


def _if_got(then: Any, other: Any) -> Mapping[str, Any]:
    return {"$cond": ["$_gets", then, other]}


def _if_new(then: Any, other: Any) -> Mapping[str, Any]:
    return {"$cond": [{"$and": ["$_gets", {"$not": ["$_mine"]}]}, then, other]}
