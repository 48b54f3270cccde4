"""Finds what an id stands for: in the projection, and before it has seen a start, in our notes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from saga_state.shown import saga_json
from services.gateway.ground import Ground
from services.gateway.problems import Conflict, NotThere

MOST = 50
LONGEST = 1_024
NONE = "no saga, partner or correlation id of that name"
Shown = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A saga; `noted`: the projection has not seen it, our note of its start is all there is."""

    saga: Shown
    noted: bool = False


async def found(on: Ground, tenant_id: str, text: str) -> Sequence[Found]:
    """All that an id stands for, the latest started first. NotThere; so for another tenant's."""
    sagas = [Found(saga_json(one)) for one in await on.sagas.find(tenant_id, _usable(text), MOST)]
    known = {one.saga["saga_id"] for one in sagas}
    if text in known:
        return sagas
    notes = await on.starts.find(tenant_id, text, MOST)
    fresh = [one for one in notes if one["_id"] not in known]
    seen = await on.sagas.read_sagas([one["_id"] for one in fresh]) if fresh else {}
    late = [Found(saga_json(one)) for one in seen.values()]  # it came between the two questions
    noted = [Found(dict(one["saga"]), True) for one in fresh if one["_id"] not in seen]
    if not (all_ := [*noted, *late, *sagas]):
        raise NotThere("SAGA_NOT_FOUND", NONE)
    return sorted(all_, key=_started, reverse=True)


def _started(one: Found) -> tuple[bool, Any]:
    """Those that were never started come last."""
    at = one.saga["initiated_at"]
    return at is not None, at


async def the_one(on: Ground, tenant_id: str, text: str) -> Shown:
    """What an id stands for; Conflict lists them if there are several."""
    sagas = [one.saga for one in await found(on, tenant_id, text)]
    if len(sagas) > 1:
        raise several(sagas)
    return sagas[0]


def several(sagas: Sequence[Shown]) -> Conflict:
    """That one must be named; with all there are, the latest started first."""
    many = f"{MOST} sagas or more" if len(sagas) >= MOST else f"{len(sagas)} sagas"
    line = f"this id stands for {many}: name one of them by its saga_id"
    told = [{name: one[name] for name in ("saga_id", "status", "initiated_at")} for one in sagas]
    return Conflict("SEVERAL_SAGAS", line, sagas=told)


def _usable(text: str) -> str:
    """NotThere for what no id can be: it is not asked for."""
    if len(text) > LONGEST or "\0" in text:
        raise NotThere("SAGA_NOT_FOUND", NONE)
    return text
