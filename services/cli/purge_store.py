"""What `onboarding purge` reads and removes, in the databases of all services: nobody else deletes.

Errors of the driver are raised as they are (services.runtime.mongo).
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING

from saga_state.rebuild_store import RebuildStore
from saga_state.store import database as projection
from services.runtime.mongo import Client, database
from services.runtime.settings import Settings

Place = tuple[datetime, str]
AT_REST = {
    "COMPLETED": ("done",),
    "FAILED": ("rejected", "undone", "blocked"),
    "COMPENSATED": ("rejected", "undone", "blocked"),
}
"""How a step document reads whose step will do nothing more in a saga that ended so. One that reads
otherwise may be the only trace of what a dead service still has to undo (docs/protocol.md, W6)."""


class PurgeStore:
    """The sagas of one tenant, and all that belongs to them."""

    def __init__(
        self, client: Client, settings: Settings, tenant_id: str, steps: Sequence[str]
    ) -> None:
        self._tenant = tenant_id
        known = projection(client, settings.prefix)
        self._sagas, self._events = known.sagas, known.events
        self._rebuild = RebuildStore(known)
        self._starts = database(client, settings.database("onboarding_gateway")).starts
        names = [settings.database(f"onboarding_{step}") for step in steps]
        self._steps = [database(client, name).steps for name in names]

    async def is_rebuilt(self) -> bool:
        """Whether a rebuild is under way: it copies what is kept, and would bring back what goes
        now."""
        return await self._rebuild.is_open()

    async def drop_leftovers(self) -> None:
        """What rebuilds that are over left behind: it may be of those that are forgotten."""
        await self._rebuild.drop_leftovers()

    async def page(
        self, status: str, before: datetime, after: Place | None, limit: int
    ) -> list[dict[str, Any]]:
        """Those of a status that ended, and were last heard of, before a time, the oldest first,
        none with something set aside for a person: `_id` and `updated_at`."""
        wanted: dict[str, Any] = {
            "tenant_id": self._tenant,
            "status": status,
            "updated_at": {"$lt": before},
            "ended_at": {"$lt": before},
            "half_undone": False,
            "steps.state": {"$nin": ["parked", "undo_parked"]},
        }
        if after is not None:
            at, id_ = after
            beyond = [{"updated_at": {"$gt": at}}, {"updated_at": at, "_id": {"$gt": id_}}]
            wanted = {"$and": [wanted, {"updated_at": {"$gte": at}}, {"$or": beyond}]}
        order = [("updated_at", ASCENDING), ("_id", ASCENDING)]
        found = self._sagas.find(wanted, {"updated_at": 1}, sort=order, hint="by_status")
        return await found.limit(limit).to_list(limit)

    async def busy(self, status: str, saga_ids: Collection[str]) -> set[str]:
        """Those of which a step document is not at rest."""
        query = {
            "_id": {"$in": list(saga_ids)},
            "$or": [
                {"state": {"$nin": list(AT_REST[status])}},
                {"due_at": {"$type": "date"}},
            ],
        }
        found = await asyncio.gather(
            *(steps.find(query, {"_id": 1}).to_list(None) for steps in self._steps)
        )
        return {one["_id"] for some in found for one in some}

    async def remove_steps(self, status: str, saga_ids: Collection[str]) -> None:
        """Their step documents, if they are still at rest."""
        query = {
            "_id": {"$in": list(saga_ids)},
            "tenant_id": self._tenant,
            "state": {"$in": list(AT_REST[status])},
            "due_at": {"$not": {"$type": "date"}},
        }
        await asyncio.gather(*(steps.delete_many(query) for steps in self._steps))

    async def remove_told(self, saga_ids: Collection[str]) -> None:
        """What is known of them: the notes of their starts, their events, and last the sagas, by
        which the rest is found again if this is broken off."""
        of_tenant = {"tenant_id": self._tenant}
        ids = {"$in": list(saga_ids)}
        await self._starts.delete_many({"_id": ids, **of_tenant})
        await self._events.delete_many({"saga_id": ids, **of_tenant}, hint="of_saga")
        await self._sagas.delete_many({"_id": ids, **of_tenant})
