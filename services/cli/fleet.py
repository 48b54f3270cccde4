"""`list --at`: the sagas as they all stood at a moment, however many have changed since.

Those that have not changed since are asked for by their index; the others are read one after the
other, told anew up to that moment, and only those that the page shows are kept.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from heapq import nlargest
from pathlib import Path

from saga_state.document import Saga
from saga_state.facts import whole_ms
from saga_state.queries import Wanted, is_wanted, order_of_list
from saga_state.shown import saga_json
from saga_state.state import as_of
from saga_state.store import SagaStore
from services.cli.asking import NEEDS, Filters, wanted_of
from services.cli.errors import CliError
from services.cli.options import Output
from services.cli.printing import answer, console, note, progress_bar
from services.cli.projection import open_projection
from services.cli.running_stack import Found, find_stack
from services.cli.saga_tables import list_of
from services.cli.times import moment, parse_past

_NO_TIME = datetime.min.replace(tzinfo=UTC)


def show_list_at(
    data: Path | None, tenant: str, filters: Filters, at: str, limit: int, output: Output
) -> None:
    """The sagas that the filters wanted then, the latest updated first."""
    now = datetime.now(UTC)
    time, found = parse_past("--at", at, now), find_stack(data, NEEDS)
    wanted = wanted_of(filters, found.settings, now)
    sagas = asyncio.run(_listed_at(found, tenant, wanted, time, limit))
    rows = [{**saga_json(saga), "as_of": time} for saga in sagas]
    answer(rows, output, list_of(sagas, console().width))
    note(f"as they stood at {moment(time)}")
    if not sagas:
        note(f"no saga of tenant {tenant!r} matched then")
    if len(sagas) == limit:
        note(f"these are the first {limit}; --limit shows more")


@dataclass(slots=True)
class Page:
    """The latest sagas of a list, and no more of it than twice the page."""

    order: str
    limit: int
    sagas: dict[str, Saga] = field(default_factory=dict)

    def add(self, sagas: Iterable[Saga]) -> None:
        """One that comes twice counts once: how it stood then does not change."""
        self.sagas |= {saga["_id"]: saga for saga in sagas}
        if len(self.sagas) > 2 * self.limit:
            self.sagas = {saga["_id"]: saga for saga in self.shown()}

    def shown(self) -> list[Saga]:
        """The latest of those that were added, in order."""
        return nlargest(self.limit, self.sagas.values(), key=self._place)

    def _place(self, saga: Saga) -> tuple[datetime, str]:
        at = saga["initiated_at"] if self.order == "initiated_at" else saga["updated_at"]
        return at or _NO_TIME, saga["_id"]


async def listed_at(
    store: SagaStore, tenant: str, wanted: Wanted, time: datetime, limit: int
) -> list[Saga]:
    """A page of the sagas that were wanted at that time, as they stood then.

    First those that have not changed since: one that does meanwhile is met again with the others.
    """
    page = Page(order_of_list(wanted), limit)
    until = whole_ms(time) + timedelta(milliseconds=1)
    ends = min(filter(None, (until, wanted.updated_until)))
    page.add(await store.listed(tenant, replace(wanted, updated_until=ends), limit))
    with progress_bar() as progress:
        task = progress.add_task("sagas that have changed since", total=None)
        async for saga in store.changed_since(tenant, wanted, time):
            then = as_of(saga, time)
            page.add([then] if then and is_wanted(wanted, then) else [])
            progress.advance(task)
    return page.shown()


async def _listed_at(
    found: Found, tenant: str, wanted: Wanted, time: datetime, limit: int
) -> list[Saga]:
    async with open_projection(found) as store:
        sagas = await listed_at(store, tenant, wanted, time, limit)
        first = None if sagas else await store.first_start(tenant)
    if first is not None and time < first:
        line = f"nothing is kept of {moment(time)}: the first start"
        raise CliError(f"{line} of tenant {tenant!r} is of {moment(first)}")
    return sagas
