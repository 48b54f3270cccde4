"""What the gateway noted of the starts it was asked for: `onboarding_gateway.starts`.

One of the modules here that import the driver, with key_store.py and audit_store.py.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from services.gateway.notes import KEPT, Note
from services.runtime.mongo import Client, database

UP, DOWN = ASCENDING, DESCENDING
_INDEXES = (
    IndexModel([("expires_at", UP)], name="expiry", expireAfterSeconds=0),
    IndexModel(
        [("tenant_id", UP), ("idempotency_key", UP)],
        name="one_per_key",
        unique=True,
        partialFilterExpression={"idempotency_key": {"$type": "string"}},
    ),
    IndexModel([("tenant_id", UP), ("partner_id", UP), ("noted_at", DOWN)], name="of_partner"),
    IndexModel([("tenant_id", UP), ("correlation_id", UP), ("noted_at", DOWN)], name="of_corr"),
)


class StartStore:
    """The notes of starts. Errors of the driver are raised as they are (services.runtime.mongo)."""

    def __init__(self, client: Client, database_name: str) -> None:
        self._starts = database(client, database_name).starts

    async def ensure(self) -> None:
        """Make the indexes that are not there."""
        await self._starts.create_indexes(list(_INDEXES))

    async def note(self, note: Note) -> Note | None:
        """Keep it, before it is published. Of the same saga, or the same Idempotency-Key of the
        tenant, the note that is there already is returned, and nothing kept; see `settled`."""
        while True:
            try:
                await self._starts.insert_one(dict(note))
            except DuplicateKeyError as error:
                key = (error.details or {}).get("keyPattern", {})
                there = await self._there(note, "_id" if "_id" in key else "idempotency_key")
                if there is not None:  # else its time was over in between
                    return there
            else:
                return None

    async def sent(self, saga_id: str, saga: Mapping[str, Any]) -> None:
        """Mark it as acknowledged by the broker. What was published goes out of the note: it is
        personal data; the saga as it stands then comes in."""
        changes = {"$set": {"sent": True, "saga": dict(saga)}, "$unset": {"message": ""}}
        await self._starts.update_one({"_id": saga_id}, changes)

    async def take_over(self, note: Note, now: datetime) -> bool:
        """Whether we may publish one that whoever noted it did not: others may try as well."""
        guard = {"_id": note["_id"], "sent": False, "noted_at": note["noted_at"]}
        found = await self._starts.find_one_and_update(
            guard, {"$set": {"noted_at": now}}, return_document=ReturnDocument.AFTER
        )
        return found is not None

    async def find(self, tenant_id: str, text: str, limit: int = 50) -> Sequence[Note]:
        """Those that were sent, of that saga, else of that partner, else of that correlation id;
        the latest first. One question: whoever waits for a saga asks for its status again and
        again, and most of what that costs is the driver's, once a question."""
        kinds = ("_id", "partner_id", "correlation_id")
        any_of = [{"tenant_id": tenant_id, field: text, "sent": True} for field in kinds]
        asked = self._starts.find({"$or": any_of}, sort=[("noted_at", DOWN)], limit=limit)
        notes = await asked.to_list(limit)
        of_kinds = ([one for one in notes if one[field] == text] for field in kinds)
        return cast(Sequence[Note], next(filter(None, of_kinds), []))

    async def sent_between(self, start: datetime, end: datetime, limit: int) -> list[str]:
        """The sagas whose starts were noted in that time and sent, the latest first; by the index
        of when notes expire."""
        noted = {"$gt": start + KEPT, "$lte": end + KEPT}
        asked = self._starts.find(
            {"expires_at": noted, "sent": True},
            {"_id": 1},
            sort=[("expires_at", DOWN)],
            hint="expiry",
            limit=limit,
        )
        return [form["_id"] for form in await asked.to_list(limit)]

    async def _there(self, note: Note, field: str) -> Note | None:
        wanted = {"tenant_id": note["tenant_id"], field: note.get(field)}
        return cast(Note | None, await self._starts.find_one(wanted))
