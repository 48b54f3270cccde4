"""What is on its way, over all tenants: how many sagas wait for whom, and for which events."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict, cast

from saga_state.document import Status, StoredEvent
from saga_state.metrics import UnderWayNow
from saga_state.queries import UNENDED, UP, to_be_acted_in, unchanged
from saga_state.store import READ_AT_ONCE, Database


class Waiting(TypedDict):
    """How many sagas of a version of a journey wait for that step; `undoing`: for its undo.

    `steps` are those of the version, as they were known to whoever projected these sagas.
    """

    journey: str
    journey_version: int
    steps: list[str]
    step: str
    undoing: bool
    count: int


class OnItsWay(TypedDict):
    """What is needed of a saga to find the event that its next step hears."""

    _id: str
    tenant_id: str
    current_step: str
    status: Status


class StepName(TypedDict):
    """A step of a saga's journey."""

    step: str


class Unchanged(TypedDict):
    """A saga of which nothing was heard for a while: who must act, since when that is due."""

    _id: str
    current_step: str
    status: Status
    due_at: datetime | None
    steps: list[StepName]


class UnderWay:
    """Questions about the sagas that are on their way; each goes by an index."""

    def __init__(self, database: Database) -> None:
        self._sagas, self._events = database.sagas, database.events

    async def counts(self) -> list[Waiting]:
        """By version, its steps, the step that must act, and whether it is to undo."""
        query = to_be_acted_in()
        group = {
            "journey": "$journey",
            "journey_version": "$journey_version",
            "steps": "$steps.step",
            "step": "$current_step",
            "undoing": {"$eq": ["$status", "COMPENSATING"]},
        }
        steps: list[Mapping[str, Any]] = [
            {"$match": query.filter},
            {"$group": {"_id": group, "count": {"$sum": 1}}},
        ]
        found = await (await self._sagas.aggregate(steps, hint=query.hint)).to_list(None)
        return [cast(Waiting, {**form["_id"], "count": form["count"]}) for form in found]

    async def now(self, now: datetime) -> UnderWayNow:
        """How many there are of what, from the keys of three indexes alone: nothing is fetched of
        those that wait, and those that have ended are passed over."""
        statuses = await self._grouped("status", "by_status")
        steps = await self._grouped("current_step", to_be_acted_in().hint)
        overdue = {"tenant_id": {"$gte": ""}, "due_at": {"$type": "date", "$lt": now}}
        return UnderWayNow(
            by_status=_by_id(statuses),
            by_step=_by_id(steps),
            overdue=await self._sagas.count_documents(overdue, hint="by_due"),
            stored=await self._sagas.estimated_document_count(),
        )

    async def unchanged(self, step: str, before: datetime, limit: int) -> list[Unchanged]:
        """Those that wait for a step and have not changed since before that time."""
        query = unchanged(step, before)
        fields = ["current_step", "status", "due_at", "steps.step"]
        found = self._sagas.find(query.filter, fields, hint=query.hint, limit=limit)
        return cast(list[Unchanged], await found.to_list(limit))

    @staticmethod
    def pipeline(field: Literal["status", "current_step"]) -> list[Mapping[str, Any]]:
        """Those that have not ended, counted by a field."""
        unended = {"tenant_id": {"$gte": ""}, "status": {"$in": sorted(UNENDED)}}
        wanted = unended if field == "status" else to_be_acted_in().filter
        since = {"$min": "$updated_at"}
        return [
            {"$match": wanted},
            {"$group": {"_id": f"${field}", "count": {"$sum": 1}, "since": since}},
        ]

    async def _grouped(
        self, field: Literal["status", "current_step"], hint: str
    ) -> list[dict[str, Any]]:
        found = await self._sagas.aggregate(self.pipeline(field), hint=hint)
        return await found.to_list(None)

    async def sagas(self, journey: str, version: int) -> AsyncIterator[list[OnItsWay]]:
        """All that are on their way in a version of a journey, some at a time."""
        query = to_be_acted_in()
        wanted = {**query.filter, "journey": journey, "journey_version": version}
        fields = ["tenant_id", "current_step", "status"]
        found = self._sagas.find(wanted, fields, hint=query.hint, batch_size=READ_AT_ONCE)
        some: list[OnItsWay] = []
        async with found:
            async for form in found:
                some.append(cast(OnItsWay, form))
                if len(some) == READ_AT_ONCE:
                    yield some
                    some = []
        if some:
            yield some

    async def events_of(
        self, sagas: Sequence[OnItsWay], types: Collection[str]
    ) -> list[StoredEvent]:
        """The events of these types that were said in these sagas."""
        wanted = {
            "tenant_id": {"$in": sorted({saga["tenant_id"] for saga in sagas})},
            "saga_id": {"$in": [saga["_id"] for saga in sagas]},
            "type": {"$in": sorted(types)},
        }
        fields = ["saga_id", "type", "version", "data"]
        found = self._events.find(wanted, fields, hint="of_saga", batch_size=READ_AT_ONCE)
        return cast(list[StoredEvent], await found.to_list(None))

    async def has_completed(self, journey: str, version: int) -> bool:
        """Whether any saga of that version is COMPLETED: a person may have it undone yet."""
        wanted = {
            "tenant_id": {"$gte": ""},
            "status": "COMPLETED",
            "journey": journey,
            "journey_version": version,
        }
        return await self._sagas.find_one(wanted, {"_id": UP}, hint="by_status") is not None


def _by_id(forms: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, datetime]]:
    return {form["_id"]: (form["count"], form["since"]) for form in forms}
