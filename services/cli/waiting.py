"""Waits until sagas have ended."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from saga_state.document import Saga
from saga_state.status import ENDED
from saga_state.store import SagaStore

POLL_SECONDS = 0.2
MOST_AT_ONCE = 1000
# No step of this version undoes: what is COMPENSATING stays so, and waiting on would not help.
DECIDED = ENDED | {"COMPENSATING"}


async def wait_for_ends(
    store: SagaStore,
    saga_ids: Sequence[str],
    seconds: float,
    on_change: Callable[[Saga], None],
) -> Mapping[str, Saga]:
    """The sagas as they are when all have ended, or the time is over; `on_change` hears of each."""
    seen: dict[str, Saga] = {}
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        async for saga in _read(store, [id_ for id_ in saga_ids if not is_over(seen.get(id_))]):
            before = seen.get(saga["_id"])
            if before is None or before["event_count"] != saga["event_count"]:
                seen[saga["_id"]] = saga
                on_change(saga)
        late = asyncio.get_running_loop().time() > deadline
        if late or all(is_over(seen.get(id_)) for id_ in saga_ids):
            return seen
        await asyncio.sleep(POLL_SECONDS)


async def _read(store: SagaStore, saga_ids: Sequence[str]) -> AsyncIterator[Saga]:
    for first in range(0, len(saga_ids), MOST_AT_ONCE):
        found = await store.read_sagas(saga_ids[first : first + MOST_AT_ONCE])
        for saga in found.values():
            yield saga


def is_over(saga: Saga | None) -> bool:
    """Whether nothing more is to be waited for."""
    return saga is not None and saga["status"] in DECIDED
