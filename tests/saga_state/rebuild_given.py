"""A live projection and a rebuild of it, in a database of a test."""

from saga_given import NOW, Voices, hash_of, told

from saga_state.building import Building
from saga_state.document import comparable
from saga_state.material_store import MaterialStore
from saga_state.notes import note_of
from saga_state.projector import fold_into, keep, project
from saga_state.rebuild_store import RebuildStore
from saga_state.store import SagaStore

V = Voices()
FIRST, THEN = V.whole_way()[:3], V.whole_way()[3:]


class Bench:
    """A database with a live projection, and a rebuild of it."""

    def __init__(self, own) -> None:
        self.own, self.live, self.rebuild = own, SagaStore(own), RebuildStore(own)
        self.building = Building(1)

    @property
    def built(self) -> SagaStore:
        return SagaStore(self.own, self.building)

    @property
    def material(self) -> MaterialStore:
        return MaterialStore(self.own, self.building, 1)

    async def begin(self) -> None:
        await self.live.ensure()
        self.building = (await self.rebuild.begin(NOW)).building
        await self.rebuild.open(self.building)

    async def swap(self) -> None:
        await self.built.ensure()
        await self.rebuild.swap(self.building)

    async def check(self, *events) -> None:
        """What is live now is what these events tell."""
        (saga,) = (await self.live.read_sagas([V.id])).values()
        assert comparable(saga) == comparable(told(*events))
        stored = await self.live.timeline("default", V.id)
        assert {one["event_id"] for one in stored} == {one.event_id for one in events}
        assert await self.live.building() is None


async def into(bench: Bench, store: SagaStore, events) -> None:
    await project(events, store, hash_of, NOW)


async def rebuilt(bench: Bench, events) -> None:
    """As a rebuild does: events kept, notes folded."""
    await keep(events, bench.built, NOW)
    await fold_into(bench.built, {V.id: [note_of(one, hash_of) for one in events]}, {})


class Between:
    """A store that is swapped when the second of the two begins to be written to."""

    def __init__(self, bench: Bench, store: SagaStore, begun: list[SagaStore]) -> None:
        self.bench, self.store, self.begun = bench, store, begun

    async def building(self) -> "Between | None":
        found = await self.store.building()
        return Between(self.bench, found, self.begun) if found else None

    def __getattr__(self, name: str):
        async def ask(*arguments):
            if self.store not in self.begun:
                self.begun.append(self.store)
                if len(self.begun) == 2:
                    await self.bench.swap()
            return await getattr(self.store, name)(*arguments)

        return ask
