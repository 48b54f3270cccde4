"""Sagas that should have moved: an event of theirs was lost, or nobody watches their overdue step.

Lost is what the step's own document says, and the projection did not hear.
Only sagas are looked at of which nothing was heard for a while, so it costs as much as there are of
those, however many are beside them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from contracts.step_document import StepDocument
from saga_state.under_way import Unchanged

MOST_OF_A_STEP = 200
OVERDUE = timedelta(seconds=60)  # a watch speaks its grace after the time is over, in a sweep
Loss = Literal["lost", "unwatched"]
Documents = Mapping[str, StepDocument]


class Store(Protocol):
    """What is asked of MongoDB (store.py)."""

    async def unchanged(self, step: str, before: datetime, limit: int) -> list[Unchanged]: ...

    async def documents(self, step: str, saga_ids: list[str]) -> Mapping[str, StepDocument]: ...


@dataclass(frozen=True, slots=True)
class Losses:
    """How many sagas, by the step that must act; of each step at most 200 are looked at."""

    lost: Mapping[str, int]
    unwatched: Mapping[str, int]


async def look_for_losses(
    store: Store, steps: Iterable[str], before: datetime, now: datetime
) -> Losses:
    """Among the sagas that have not changed since `before`; by that time what was said should have
    been heard. Times are of the database."""
    found: Counter[tuple[str, Loss]] = Counter()
    names = list(steps)
    for step in names:
        for loss in await _of_step(store, step, before, now):
            found[step, loss] += 1
    return Losses(*({step: found[step, what] for step in names} for what in ("lost", "unwatched")))


async def _of_step(store: Store, step: str, before: datetime, now: datetime) -> list[Loss]:
    sagas = await store.unchanged(step, before, MOST_OF_A_STEP)
    own = await store.documents(step, [saga["_id"] for saga in sagas]) if sagas else {}
    ahead = _by_step_before(sagas)
    earlier = {name: await store.documents(name, ids) for name, ids in ahead.items() if name}
    losses = []
    for saga in sagas:
        watcher = earlier.get(step_before(saga) or "", {}).get(saga["_id"])
        losses.append(loss_of(saga, own.get(saga["_id"]), watcher, before, now))
    return [loss for loss in losses if loss is not None]


def loss_of(
    saga: Unchanged,
    own: StepDocument | None,
    watcher: StepDocument | None,
    before: datetime,
    now: datetime,
) -> Loss | None:
    """What is wrong with a saga: `own` is the document of the step that must act, `watcher` that of
    the step before it."""
    if own is not None:
        said = "undone" if saga["status"] == "COMPENSATING" else "done"
        return "lost" if own["state"] == said and own["decided_at"] < before else None
    due_at = saga["due_at"]
    if due_at is None or now - due_at < OVERDUE or watcher is None:
        return None  # a start waits in the log, for as long as it takes
    return "unwatched" if watcher["state"] == "done" and not watcher.get("watch_at") else None


def step_before(saga: Unchanged) -> str | None:
    """The step before the one that must act; None: it is the first."""
    names = [one["step"] for one in saga["steps"]]
    index = names.index(saga["current_step"])
    return names[index - 1] if index else None


def _by_step_before(sagas: Iterable[Unchanged]) -> dict[str | None, list[str]]:
    found: dict[str | None, list[str]] = {}
    for saga in sagas:
        found.setdefault(step_before(saga), []).append(saga["_id"])
    return found
