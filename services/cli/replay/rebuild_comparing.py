"""The task that compares the rebuilt sagas of a range of ids with the live ones."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from saga_state.building import ranges
from saga_state.differences import differing_fields
from saga_state.document import Saga
from saga_state.material_store import MaterialStore
from saga_state.projector import SAGAS_AT_ONCE
from services.cli.replay.rebuild_desk import Desk

LOOKS, LOOK_AGAIN_SECONDS = 5, 1.0
MOST_IN_MOTION = 1_000  # more than these do not differ because they go on meanwhile
EXAMPLES = 3


@dataclass(slots=True)
class Compared:
    """How many sagas there are and how many differ; by field how many, and some of them.
    `differing`: by id the fields, of the first MOST_IN_MOTION."""

    sagas: int = 0
    differ: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    differing: dict[str, list[str]] = field(default_factory=dict)

    def add(self, saga_id: str, fields: Sequence[str]) -> None:
        """One more that differs."""
        self.differ += 1
        for name in fields:
            self.fields[name] += 1
            self._show(name, [saga_id])
        if len(self.differing) < MOST_IN_MOTION:
            self.differing[saga_id] = list(fields)

    def join(self, other: "Compared") -> None:
        """What was compared elsewhere."""
        self.sagas += other.sagas
        self.differ += other.differ
        self.fields += other.fields
        for name, ids in other.examples.items():
            self._show(name, ids)
        room = MOST_IN_MOTION - len(self.differing)
        self.differing |= dict(islice(other.differing.items(), room))

    def _show(self, name: str, ids: Sequence[str]) -> None:
        self.examples[name] = [*self.examples.get(name, ()), *ids][:EXAMPLES]


async def compare_range(desk: Desk, number: int) -> Compared:
    """All sagas of the range."""
    found = Compared()
    async for live, built in desk.material.pairs(ranges()[number]):
        found.sagas += 1
        if fields := differing_fields(live, built):
            found.add(_id_of(live, built), fields)
    desk.tell(1)
    return found


async def at_rest(material: MaterialStore, compared: Compared) -> Compared:
    """A saga that goes on meanwhile is written here first, and looks different for a moment: those
    that differ are looked at again, if they are few."""
    differing: Mapping[str, Sequence[str]] = compared.differing
    for _ in range(LOOKS):
        if not differing or len(differing) < compared.differ:
            break
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
        differing = await _looked_at_again(material, list(differing))
        compared = Compared(sagas=compared.sagas)
        for saga_id, fields in differing.items():
            compared.add(saga_id, fields)
    return compared


async def _looked_at_again(material: MaterialStore, ids: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for first in range(0, len(ids), SAGAS_AT_ONCE):
        some = ids[first : first + SAGAS_AT_ONCE]
        live, built = await material.live.read_sagas(some), await material.built.read_sagas(some)
        told = {id_: differing_fields(live.get(id_), built.get(id_)) for id_ in some}
        found |= {id_: fields for id_, fields in told.items() if fields}
    return found


def _id_of(live: Saga | None, built: Saga | None) -> str:
    saga = live or built
    assert saga is not None
    return saga["_id"]
