"""Sagas that ended long ago, with all that belongs to them, in the databases of a test."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from saga_state.document import Saga, StoredEvent
from saga_state.store import SagaStore, database

STEPS = ("registration", "contract", "documents", "campaigns", "recruitment")
NOW = datetime.now(UTC).replace(microsecond=0)
OLD, YOUNG = NOW - timedelta(days=60), NOW - timedelta(days=39)
LIMIT = (NOW - timedelta(days=50)).isoformat()
AT_REST = {"COMPLETED": "done", "COMPENSATED": "undone", "FAILED": "rejected"}


@dataclass
class Kept:
    """The databases of one test. `like`: a saga to make others of; `event` likewise."""

    client: AsyncMongoClient[dict[str, Any]]
    prefix: str
    like: Saga
    event: StoredEvent

    async def ensure(self) -> None:
        await SagaStore(database(self.client, self.prefix)).ensure()

    def collection(self, where: str, name: str) -> Any:
        return self.client[f"{self.prefix}{where}"][name]

    async def saga(
        self,
        status: str,
        *ids: str,
        ended: datetime = OLD,
        step: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> None:
        """Each with a document in every step's database, an event, and the note of its start.

        `step` changes the document of contract.
        """
        ended_as = {"status": status, "updated_at": ended, "ended_at": ended, "revision": 1}
        sagas = [{**self.like, "_id": one, **ended_as, **changes} for one in ids]
        tenant = sagas[0]["tenant_id"]
        await self.collection("saga_state", "sagas").insert_many(sagas)
        events = [
            {**self.event, "_id": f"e-{one}", "saga_id": one, "tenant_id": tenant} for one in ids
        ]
        await self.collection("saga_state", "events").insert_many(events)
        mine = [{"_id": one, "tenant_id": tenant} for one in ids]
        await self.collection("onboarding_gateway", "starts").insert_many(mine)
        for name in STEPS:
            told = step or {} if name == "contract" else {}
            documents = [{**one, "state": AT_REST[status], **told} for one in mine]
            await self.collection(f"onboarding_{name}", "steps").insert_many(documents)

    async def ids(self, where: str, name: str, field: str = "_id") -> set[str]:
        found = await self.collection(where, name).find({}, {field: 1}).to_list(None)
        return {one[field] for one in found}

    async def known(self) -> set[str]:
        """The ids in the projection and of the notes, which are the same."""
        sagas = await self.ids("saga_state", "sagas")
        assert await self.ids("saga_state", "events", "saga_id") == sagas
        assert await self.ids("onboarding_gateway", "starts") == sagas
        return sagas

    async def with_steps(self) -> set[str]:
        """The ids of the step documents, which are the same in all five databases."""
        found = [await self.ids(f"onboarding_{name}", "steps") for name in STEPS]
        assert all(one == found[0] for one in found)
        return found[0]

    async def audit(self) -> list[dict[str, Any]]:
        return await self.collection("onboarding_gateway", "audit").find({}).to_list(None)

    async def drop(self) -> None:
        for where in ("saga_state", "onboarding_gateway", *(f"onboarding_{one}" for one in STEPS)):
            await self.client.drop_database(f"{self.prefix}{where}")


@contextmanager
def environment(patch: pytest.MonkeyPatch, mongo: str, prefix: str, folder: Path) -> Iterator[None]:
    """Of a command line that is about these databases."""
    for name in [name for name in os.environ if name.startswith("ONBOARDING_")]:
        patch.delenv(name)
    patch.chdir(folder)
    patch.setenv("ONBOARDING_MONGO", mongo)
    patch.setenv("ONBOARDING_PREFIX", prefix)
    yield
