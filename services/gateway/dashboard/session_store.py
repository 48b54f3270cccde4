"""The sessions that count: `onboarding_gateway.sessions`, each gone when its time is over."""

from dataclasses import asdict
from datetime import datetime

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.gateway.dashboard.sessions import Session
from services.runtime.mongo import Client, database

MOST = 20  # of one key


class SessionStore:
    """Errors of the driver are raised as they are (services.runtime.mongo)."""

    def __init__(self, client: Client, database_name: str) -> None:
        self._sessions = database(client, database_name).sessions

    async def ensure(self) -> None:
        """Make the indexes that are not there."""
        expiry = IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0)
        of_key = IndexModel([("key_id", ASCENDING), ("created_at", DESCENDING)], name="of_key")
        await self._sessions.create_indexes([expiry, of_key])

    async def add(self, session: Session) -> None:
        """One more; of a key that has more than MOST then, the oldest end."""
        form = asdict(session)
        await self._sessions.insert_one({"_id": form.pop("digest"), **form})
        of_key = self._sessions.find({"key_id": session.key_id}, {"_id": 1}, hint="of_key")
        older = await of_key.sort([("created_at", DESCENDING)]).skip(MOST).to_list(None)
        if older:
            await self._sessions.delete_many({"_id": {"$in": [one["_id"] for one in older]}})

    async def find(self, digest: str, now: datetime) -> Session | None:
        """The session, if it counts now: the database removes those that do not only by and by."""
        form = await self._sessions.find_one({"_id": digest, "expires_at": {"$gt": now}})
        if form is None:
            return None
        return Session(form["_id"], form["key_id"], form["created_at"], form["expires_at"])

    async def end(self, digest: str) -> None:
        """From now on it does not count."""
        await self._sessions.delete_one({"_id": digest})
