"""The task that compares the rebuilt sagas of a range of ids with the live ones."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from saga_state.building import ranges
from saga_state.differences import MISSING, Differences, differences_of
from saga_state.document import Saga
from saga_state.material_store import MaterialStore
from saga_state.projector import SAGAS_AT_ONCE
from services.cli.printing import json_text
from services.cli.replay.rebuild_desk import Desk

LOOKS, LOOK_AGAIN_SECONDS = 5, 1.0
MOST_IN_MOTION = 1_000  # more than these do not differ because they go on meanwhile
EXAMPLES, VALUE_MAX = 3, 60


@dataclass(slots=True)
class Compared:
    """How many sagas there are and how many differ; by field how many, and some of them, each
    with what is live and what was rebuilt. `differing`: the ids of the first MOST_IN_MOTION.
    `lost`: how many are live and were not rebuilt."""

    sagas: int = 0
    differ: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    differing: list[str] = field(default_factory=list)
    lost: int = 0
    some_lost: list[str] = field(default_factory=list)

    def add(self, saga_id: str, differences: Differences) -> None:
        """One more that differs."""
        self.differ += 1
        if MISSING in differences and differences[MISSING][1] is None:
            self.lost += 1
            self.some_lost = [*self.some_lost, saga_id][:EXAMPLES]
        for name, (live, built) in differences.items():
            self.fields[name] += 1
            said = "" if live is built is None else f": {_short(live)} -> {_short(built)}"
            self._show(name, [f"{saga_id}{said}"])
        if len(self.differing) < MOST_IN_MOTION:
            self.differing.append(saga_id)

    def join(self, other: "Compared") -> None:
        """What was compared elsewhere."""
        self.sagas += other.sagas
        self.differ += other.differ
        self.lost += other.lost
        self.some_lost = [*self.some_lost, *other.some_lost][:EXAMPLES]
        self.fields += other.fields
        for name, some in other.examples.items():
            self._show(name, some)
        self.differing = [*self.differing, *other.differing][:MOST_IN_MOTION]

    def _show(self, name: str, some: Sequence[str]) -> None:
        self.examples[name] = [*self.examples.get(name, ()), *some][:EXAMPLES]


def _short(value: Any) -> str:
    text = json_text(value).strip('"')
    return text if len(text) <= VALUE_MAX else f"{text[:VALUE_MAX]}..."


async def compare_range(desk: Desk, number: int) -> Compared:
    """All sagas of the range."""
    found = Compared()
    async for live, built in desk.material.pairs(ranges()[number]):
        found.sagas += 1
        if differences := differences_of(live, built):
            found.add(_id_of(live, built), differences)
    desk.tell(1)
    return found


async def at_rest(material: MaterialStore, compared: Compared) -> Compared:
    """A saga that goes on meanwhile is written here first, and looks different for a moment: those
    that differ are looked at again, if they are few."""
    for _ in range(LOOKS):
        ids = compared.differing
        if not ids or len(ids) < compared.differ:
            break
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
        compared = await _looked_at_again(material, ids, compared.sagas)
    return compared


async def _looked_at_again(material: MaterialStore, ids: Sequence[str], sagas: int) -> Compared:
    found = Compared(sagas)
    for first in range(0, len(ids), SAGAS_AT_ONCE):
        some = ids[first : first + SAGAS_AT_ONCE]
        live, built = await material.live.read_sagas(some), await material.built.read_sagas(some)
        for id_ in some:
            if differences := differences_of(live.get(id_), built.get(id_)):
                found.add(id_, differences)
    return found


def _id_of(live: Saga | None, built: Saga | None) -> str:
    saga = live or built
    assert saga is not None
    return saga["_id"]
