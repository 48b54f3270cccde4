"""What MongoDB tells of services and sagas: signs of life, step documents, calls that wait."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from contracts.step_document import StepDocument
from saga_state.document import Saga
from saga_state.queries import stuck
from saga_state.store import SagaStore, database
from saga_state.under_way import Unchanged, UnderWay
from saga_state.why.facts import Calls, Place, Process
from services.runtime.instance import has_ended_here
from services.runtime.mongo import Client
from services.runtime.mongo import database as own_database

ALIVE = timedelta(seconds=15)  # a living process writes its record every 5
GONE = timedelta(seconds=6)  # and one that wrote within the last 5 may be in another container
MOST_RECORDS, MOST_WAITING = 1000, 200


class EvidenceStore:
    """Reads the databases of all services, under one prefix."""

    def __init__(self, client: Client, prefix: str) -> None:
        self._client, self._prefix = client, prefix
        self._sagas = SagaStore(database(client, prefix))
        self._under_way = UnderWay(database(client, prefix))

    async def now(self) -> datetime:
        """The time of the database, by which all times of step documents go."""
        stored = own_database(self._client, "admin")
        told = await stored.command("hello", codec_options=stored.codec_options)
        return cast(datetime, told["localTime"])

    async def find(self, tenant_id: str, text: str, limit: int) -> list[Saga]:
        """The sagas of any id; the latest started first."""
        return await self._sagas.find(tenant_id, text, limit)

    async def stuck(self, tenant_id: str, limit: int) -> list[Saga]:
        """Those that have not ended, the longest unchanged of each status first."""
        found: list[Saga] = []
        for query in stuck(tenant_id):
            found += await self._sagas.ask(query, limit)
        return sorted(found, key=lambda one: one["updated_at"])[:limit]

    async def unchanged(self, step: str, before: datetime, limit: int) -> list[Unchanged]:
        """Those of all tenants that wait for a step and have not changed since that time."""
        return await self._under_way.unchanged(step, before, limit)

    async def processes(self, service: str, now: datetime) -> tuple[Process, ...]:
        """What its processes said of themselves within the last minute."""
        instances = self._of(service).instances
        found = await instances.find({}, limit=MOST_RECORDS).to_list(MOST_RECORDS)
        return tuple(_process(one, now) for one in found)

    async def documents(self, step: str, saga_ids: Sequence[str]) -> dict[str, StepDocument]:
        """The documents that the step keeps of these sagas, without what may be personal."""
        query, without = {"_id": {"$in": list(saga_ids)}}, dict.fromkeys(_NOT_READ, 0)
        found = await self._of(step).steps.find(query, without).to_list(None)
        return {one["_id"]: cast(StepDocument, one) for one in found}

    async def calls(self, step: str, tenant_id: str) -> Calls:
        """What those of a tenant are at, among the first of its waiting documents, by the index of
        what is due."""
        query, wanted = {"due_at": {"$type": "date"}}, dict.fromkeys(_OF_CALLS, 1)
        steps = self._of(step).steps
        found = steps.find(query, wanted, sort=[("due_at", 1)], hint="due", limit=MOST_WAITING)
        own = [one for one in await found.to_list(MOST_WAITING) if one["tenant_id"] == tenant_id]
        waiting = [one for one in own if one["state"] in _CALLED]
        failing = sum(one.get("last_answer") is not None for one in waiting)
        return Calls(len(waiting), failing)

    def _of(self, service: str) -> Any:
        return own_database(self._client, f"{self._prefix}onboarding_{service.replace('-', '_')}")


def _process(form: dict[str, Any], now: datetime) -> Process:
    """Records of older versions tell less."""
    instance, seen_at = str(form["_id"]), form["seen_at"]
    return Process(
        instance=instance,
        version=str(form.get("version", "")),
        seen_at=seen_at,
        alive=now - seen_at < (GONE if has_ended_here(instance) else ALIVE),
        partitions=frozenset(_place(one) for one in form.get("partitions", ())),
        joined=form.get("joined", True),
        waiting_for=form.get("waiting_for", {}),
        rebalances=form.get("rebalances", 0),
    )


def _place(text: str) -> Place:
    topic, _, partition = text.rpartition("/")
    return topic, int(partition)


_NOT_READ = ("outbox", "plan", "record", "result", "holds")
_OF_CALLS = ("state", "tenant_id", "last_answer")
_CALLED = ("pending", "undoing")
