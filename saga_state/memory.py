"""A store in memory, for tests and the in-memory world; it passes the suite of the real one."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from saga_state.document import Saga, StoredEvent
from saga_state.records import order_of


@dataclass
class MemoryStore:
    """The port `Keeper` of projector.py. Every call lets others run first, as a real one would."""

    events: dict[str, StoredEvent] = field(default_factory=dict)
    sagas: dict[str, Saga] = field(default_factory=dict)

    async def insert_events(self, events: Sequence[StoredEvent]) -> Mapping[str, StoredEvent]:
        await asyncio.sleep(0)
        known = {
            item["_id"]: self.events[item["_id"]] for item in events if item["_id"] in self.events
        }
        self.events |= {item["_id"]: item for item in events if item["_id"] not in known}
        return known

    async def replace_later(self, events: Sequence[StoredEvent]) -> None:
        await asyncio.sleep(0)
        for item in events:
            if order_of(item) < order_of(self.events[item["_id"]]):
                self.events[item["_id"]] = item

    async def read_sagas(self, saga_ids: Collection[str]) -> Mapping[str, Saga]:
        await asyncio.sleep(0)
        return {id_: self.sagas[id_] for id_ in saga_ids if id_ in self.sagas}

    async def write_sagas(self, sagas: Sequence[Saga]) -> Collection[str]:
        await asyncio.sleep(0)
        missed = {saga["_id"] for saga in sagas if self._revision(saga["_id"]) != saga["revision"]}
        for saga in sagas:
            if saga["_id"] not in missed:
                self.sagas[saga["_id"]] = {**saga, "revision": saga["revision"] + 1}
        return missed

    def _revision(self, saga_id: str) -> int:
        saga = self.sagas.get(saga_id)
        return saga["revision"] if saga else 0
