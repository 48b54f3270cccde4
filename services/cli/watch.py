"""`onboarding watch`: a line for each change, as it happens."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from saga_state.document import Saga
from saga_state.queries import Wanted
from saga_state.store import SagaStore
from services.cli.errors import USAGE, CliError
from services.cli.options import Output
from services.cli.printing import console
from services.cli.projection import newest_saga, open_projection
from services.cli.running_stack import Found, find_stack
from services.cli.saga_page import one_saga
from services.cli.waiting import DECIDED
from services.cli.watch_words import tell_change

POLL_SECONDS = 0.3
LATEST = 200  # changes between two looks that are seen; of a flood, the latest


def watch_one(data: Path | None, tenant: str, text: str, output: Output) -> None:
    """Until it ends; then the whole of it. Its end is no error here: see `start --wait`."""
    _check(output)
    asyncio.run(_watch_one(find_stack(data, ("mongo",)), tenant, text, output))


def watch_all(data: Path | None, tenant: str, output: Output) -> None:
    """Until Ctrl-C: first the ten updated last, then each change."""
    _check(output)
    asyncio.run(_watch_all(find_stack(data, ("mongo",)), tenant, output))


async def changes_of(store: SagaStore, tenant: str, saga_id: str) -> AsyncIterator[Saga]:
    """The saga now and after each change, until it ends."""
    seen = 0
    while True:
        for saga in await store.find(tenant, saga_id, limit=1):
            if saga["event_count"] != seen:
                seen = saga["event_count"]
                yield saga
            if saga["status"] in DECIDED:
                return
        await asyncio.sleep(POLL_SECONDS)


async def _watch_one(found: Found, tenant: str, text: str, output: Output) -> None:
    async with open_projection(found) as store:
        saga, _ = await newest_saga(store, tenant, text)
        async for changed in changes_of(store, tenant, saga["_id"]):
            saga = changed
            tell_change(saga, output)
    if output is Output.TABLE:
        console().print(one_saga(saga))


async def _watch_all(found: Found, tenant: str, output: Output) -> None:
    seen: dict[str, int] = {}
    most = 10
    async with open_projection(found) as store:
        while True:
            for saga in reversed(await store.listed(tenant, Wanted(), most)):
                if seen.get(saga["_id"]) != saga["event_count"]:
                    seen[saga["_id"]] = saga["event_count"]
                    tell_change(saga, output)
            most = LATEST
            await asyncio.sleep(POLL_SECONDS)


def _check(output: Output) -> None:
    if output is Output.JSON:
        raise CliError("watch never ends, so it writes an object per line: -o jsonl", USAGE)
