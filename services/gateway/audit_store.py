"""The audit: `onboarding_gateway.audit`, to which records are only ever added."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pymongo import DESCENDING, IndexModel

from saga_state.queries import beyond
from services.gateway.audit import Act, AuditWanted
from services.runtime.mongo import Client, database

_ORDER = [("at", DESCENDING), ("_id", DESCENDING)]
_FIELDS = ("saga_id", "who", "what")
_INDEXES = (
    IndexModel([("tenant_id", 1), *_ORDER], name="by_time"),
    *(IndexModel([("tenant_id", 1), (one, 1), *_ORDER], name=f"by_{one}") for one in _FIELDS),
)


class AuditStore:
    """There is no way to change or remove a record; `onboarding purge` leaves all of them."""

    def __init__(self, client: Client, database_name: str) -> None:
        self._acts = database(client, database_name).audit

    async def ensure(self) -> None:
        """Make the indexes that are not there."""
        await self._acts.create_indexes(list(_INDEXES))

    async def add(self, act: Act) -> None:
        await self._acts.insert_one(dict(act))

    async def listed(self, tenant_id: str, wanted: AuditWanted, limit: int) -> Sequence[Act]:
        """The latest first."""
        equal = {name: one for name in _FIELDS if (one := getattr(wanted, name)) is not None}
        hint = f"by_{next(iter(equal))}" if equal else "by_time"
        clauses: list[Mapping[str, Any]] = [{"tenant_id": tenant_id, **equal}]
        clauses += [{"at": {how: at}} for how, at in wanted.bounds if at is not None]
        if wanted.after is not None:
            clauses += beyond("at", DESCENDING, wanted.after)
        found = self._acts.find({"$and": clauses}, sort=_ORDER, hint=hint)
        return cast(Sequence[Act], await found.limit(limit).to_list(limit))
