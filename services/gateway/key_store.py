"""The records of API keys: `onboarding_gateway.keys`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from services.gateway.keys import Key
from services.runtime.mongo import Client, database

_INDEXES = (IndexModel([("tenant_id", ASCENDING), ("name", ASCENDING)], name="of_tenant"),)


class KeyStore:
    """Never deletes: a revoked key is still named by the audit."""

    def __init__(self, client: Client, database_name: str) -> None:
        self._keys = database(client, database_name).keys

    async def ensure(self) -> None:
        """Make the indexes that are not there."""
        await self._keys.create_indexes(list(_INDEXES))

    async def add(self, key: Key) -> bool:
        """Keep a new one; False if its id is there already."""
        form = asdict(key)
        form["scopes"] = sorted(key.scopes)
        try:
            await self._keys.insert_one({"_id": form.pop("key_id"), **form})
        except DuplicateKeyError:
            return False
        return True

    async def find(self, key_id: str) -> Key | None:
        found = await self._keys.find_one({"_id": key_id})
        return _key(found) if found else None

    async def listed(self, tenant_id: str | None = None) -> Sequence[Key]:
        """By tenant and name; of all tenants if none is named."""
        wanted = {} if tenant_id is None else {"tenant_id": tenant_id}
        order = [("tenant_id", ASCENDING), ("name", ASCENDING), ("created_at", ASCENDING)]
        return [_key(one) async for one in self._keys.find(wanted, sort=order)]

    async def ends(self, key_id: str, at: datetime) -> bool:
        """Let it count until then only, if it counts longer now; False: no key of that id."""
        sooner = {"$min": {"expires_at": at}}
        nothing_yet = {"_id": key_id, "expires_at": None}
        done = await self._keys.update_one(nothing_yet, {"$set": {"expires_at": at}})
        if not done.matched_count:
            done = await self._keys.update_one({"_id": key_id}, sooner)
        return bool(done.matched_count)

    async def revoke(self, key_id: str, at: datetime) -> bool:
        """From now on it does not count; False: no key of that id."""
        await self._keys.update_one({"_id": key_id, "revoked_at": None}, _set(revoked_at=at))
        return await self._keys.find_one({"_id": key_id}, {"_id": 1}) is not None

    async def used(self, key_id: str, at: datetime) -> None:
        """Note when it was last used."""
        await self._keys.update_one({"_id": key_id}, {"$max": {"last_used_at": at}})


def _set(**fields: Any) -> Mapping[str, Any]:
    return {"$set": fields}


def _key(form: dict[str, Any]) -> Key:
    known = {name: form.get(name) for name in Key.__slots__ if name not in ("key_id", "scopes")}
    return Key(key_id=form["_id"], scopes=frozenset(form["scopes"]), **known)  # type: ignore[arg-type]
