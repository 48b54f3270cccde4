"""The port `Keeper`, traced: each write of events and of sagas within spans of their sagas."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from saga_state.document import Saga, StoredEvent
from saga_state.projector import Keeper

Spans = Callable[[str, Mapping[str, None]], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class TracedKeeper:
    """`spans` gives those of a call, by what it does and the sagas that it is for."""

    keeper: Keeper
    spans: Spans

    async def insert_events(self, events: Sequence[StoredEvent]) -> Mapping[str, StoredEvent]:
        """See Keeper."""
        with self.spans("insert events", {one["saga_id"]: None for one in events}):
            return await self.keeper.insert_events(events)

    async def replace_later(self, events: Sequence[StoredEvent]) -> None:
        """See Keeper."""
        await self.keeper.replace_later(events)

    async def read_sagas(self, saga_ids: Collection[str]) -> Mapping[str, Saga]:
        """See Keeper."""
        with self.spans("find sagas", dict.fromkeys(saga_ids)):
            return await self.keeper.read_sagas(saga_ids)

    async def write_sagas(self, sagas: Sequence[Saga]) -> Collection[str]:
        """See Keeper."""
        with self.spans("bulkWrite sagas", {one["_id"]: None for one in sagas}):
            return await self.keeper.write_sagas(sagas)
