"""Follows sagas: `onboarding watch`, and the wait of `start --wait`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

from rich.text import Text

from saga_state.document import Saga
from saga_state.queries import Wanted
from saga_state.shown import saga_json
from saga_state.status import ENDED
from saga_state.store import SagaStore
from services.cli.errors import USAGE, CliError
from services.cli.options import Output
from services.cli.printing import console, write_lines
from services.cli.projection import newest_saga, open_projection
from services.cli.running_stack import Found, find_stack
from services.cli.saga_page import one_saga
from services.cli.saga_tables import coloured, failure_words
from services.cli.times import duration
from services.cli.until_stopped import follow

WATCH_PAUSE_SECONDS = 0.3
WAIT_PAUSE_SECONDS = 0.2
TOLD_AT_FIRST = 10
LATEST = 200  # changes between two looks that are seen; of a flood, the latest
MOST_AT_ONCE = 1000


def watch_one(data: Path | None, tenant: str, text: str, output: Output) -> None:
    """Until it ends; then the whole of it. Its end is no error here: see `start --wait`."""
    _check(output)
    follow(_watch_one(find_stack(data, ("mongo",)), tenant, text, output))


def watch_all(data: Path | None, tenant: str, output: Output) -> None:
    """Until Ctrl-C or SIGTERM: first the ten updated last, then each change."""
    _check(output)
    follow(_watch_all(find_stack(data, ("mongo",)), tenant, output))


async def changes_of(store: SagaStore, tenant: str, saga_id: str) -> AsyncIterator[Saga]:
    """The saga now and after each change, until it ends."""
    seen = 0
    while True:
        for saga in await store.find(tenant, saga_id, limit=1):
            if saga["event_count"] != seen:
                seen = saga["event_count"]
                yield saga
            if is_over(saga):
                return
        await asyncio.sleep(WATCH_PAUSE_SECONDS)


async def _watch_one(found: Found, tenant: str, text: str, output: Output) -> None:
    async with open_projection(found) as store:
        saga, _ = await newest_saga(store, tenant, text)
        async for changed in changes_of(store, tenant, saga["_id"]):
            saga = changed
            tell_change(saga, output)
    if output is Output.TABLE:
        console().print(one_saga(saga, found.settings.call_timeout_seconds))


async def _watch_all(found: Found, tenant: str, output: Output) -> None:
    async with open_projection(found) as store:
        latest = await store.listed(tenant, Wanted(), LATEST)
        seen = {saga["_id"]: saga["event_count"] for saga in latest}
        for saga in reversed(latest[:TOLD_AT_FIRST]):
            tell_change(saga, output)
        while True:
            for saga in reversed(await store.listed(tenant, Wanted(), LATEST)):
                if seen.get(saga["_id"]) != saga["event_count"]:
                    seen[saga["_id"]] = saga["event_count"]
                    tell_change(saga, output)
            await asyncio.sleep(WATCH_PAUSE_SECONDS)


def _check(output: Output) -> None:
    if output is Output.JSON:
        raise CliError("watch never ends, so it writes an object per line: -o jsonl", USAGE)


def tell_change(saga: Saga, output: Output) -> None:
    """When, which saga, its status now, and what it waits for or how it ended."""
    if output is not Output.TABLE:
        write_lines([saga_json(saga)])
        return
    line = Text(f"{saga['updated_at']:%H:%M:%S}Z  {saga['_id']}  ")
    line.append_text(coloured(f"{saga['status']:<18}"))
    line.append(f" {_now(saga)}")
    console().print(line, soft_wrap=True)


def _now(saga: Saga) -> str:
    if saga["ended_at"] is not None:
        return f"{failure_words(saga)} after {duration(saga['duration_ms'])}".strip()
    waits = f"waits for {saga['current_step']}" if saga["current_step"] else ""
    return ", ".join(filter(None, (failure_words(saga), waits)))


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
        await asyncio.sleep(WAIT_PAUSE_SECONDS)


async def _read(store: SagaStore, saga_ids: Sequence[str]) -> AsyncIterator[Saga]:
    for first in range(0, len(saga_ids), MOST_AT_ONCE):
        found = await store.read_sagas(saga_ids[first : first + MOST_AT_ONCE])
        for saga in found.values():
            yield saga


def is_over(saga: Saga | None) -> bool:
    """Whether nothing more is to be waited for."""
    return saga is not None and saga["status"] in ENDED
