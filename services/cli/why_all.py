"""`onboarding why --all`: the sagas of a tenant that are stuck, grouped by why."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from saga_state.document import Saga
from saga_state.why.answer import Answer
from saga_state.why.fleet import Fleet, fleet_of
from services.cli.errors import CliError
from services.cli.letter_topics import letters_of
from services.cli.options import Output
from services.cli.printing import (
    answer,
    cell,
    counted,
    empty_table,
    masked,
    note,
    progress_bar,
    quiet,
)
from services.cli.reaching import mongo_is_away
from services.cli.running_stack import SERVERS, Found, find_stack, other_stack
from services.cli.times import time_of_day
from services.cli.why import LETTER_SECONDS, sources_of
from services.evidence.gather import why_sagas
from services.evidence.sources import Sources
from services.letters.letter import Letter

CHUNK = 500
_COLUMNS = ("sagas", "cause", "service", "unchanged since", "for example", "what helps")
Row = dict[str, Any]


def show_why_all(data: Path | None, tenant: str, limit: int, output: Output) -> None:
    """At most `limit` sagas that have not ended, the longest unchanged first; and the records of
    which no saga came. CliError (1) if MongoDB does not answer."""
    quiet()
    found = find_stack(data, SERVERS)
    fleet = asyncio.run(_fleet(found, tenant, limit))
    rows = [*(one.body for one in fleet.groups), *asyncio.run(_unreadable(found))]
    answer(rows, output, _table(rows))
    note(_told(fleet))
    if fleet.looked_at == limit:
        note(f"these are the {limit} that are unchanged for longest; --limit looks at more")


async def _fleet(found: Found, tenant: str, limit: int) -> Fleet:
    try:
        async with sources_of(found) as sources:
            sagas = await sources.store.stuck(tenant, limit)
            return fleet_of(zip(sagas, await _answers(sources, sagas), strict=True))
    except Exception as error:
        if not mongo_is_away(error):
            raise
        place = masked(found.mongo)
        line = f"MongoDB at {place} does not answer ({type(error).__name__}): `onboarding doctor`"
        raise CliError(f"{line}{other_stack('mongo')}") from None


async def _answers(sources: Sources, sagas: Sequence[Saga]) -> list[Answer]:
    answers: list[Answer] = []
    now = await sources.store.now()
    with progress_bar() as progress:
        task = progress.add_task("sagas", total=len(sagas))
        for first in range(0, len(sagas), CHUNK):
            answers += await why_sagas(sources, sagas[first : first + CHUNK], now)
            progress.update(task, completed=len(answers))
    return answers


async def _unreadable(found: Found) -> list[Row]:
    """Starts that nobody could read: no saga tells of them."""
    try:
        async with asyncio.timeout(LETTER_SECONDS):
            letters = await letters_of(found)
    except (CliError, TimeoutError):
        note("dead letters are not counted: Kafka does not answer in time")
        return []
    groups: dict[tuple[str, str], list[Letter]] = defaultdict(list)
    for one in letters:
        if one.now == "open" and not one.parked and not one.saga_id and one.service != "saga-state":
            groups[one.service, one.error_class].append(one)
    return [_row(*key, some) for key, some in groups.items()]


def _row(service: str, error_class: str, letters: Sequence[Letter]) -> Row:
    oldest = min(letters, key=lambda one: one.at)
    return {
        "cause": "poison",
        "service": service,
        "count": len(letters),
        "sure": len(letters),
        "since": oldest.at,
        "example": oldest.place,
        "sentence": f"{service} could not read them ({error_class}), and no saga came of them.",
        "command": f"onboarding dlq list --each --service {service} --class {error_class}",
    }


def _table(rows: Sequence[Row]) -> RenderableType:
    table = empty_table(*_COLUMNS)
    for row in rows:
        sure = row["count"] == row["sure"]
        cause = row["cause"] if sure else f"{row['cause']} (not sure)"
        since = time_of_day(row["since"])
        told = (row["count"], cause, row["service"], since, row["example"], row["command"])
        table.add_row(*(cell(value) for value in told))
    return table


def _told(fleet: Fleet) -> str:
    stuck = fleet.looked_at - fleet.well
    return (
        f"{counted(fleet.looked_at, 'saga is', 'sagas are')} under way: {stuck} stuck, "
        f"{fleet.well} with nothing wrong"
    )
