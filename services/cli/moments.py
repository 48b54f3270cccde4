"""`--at`, `--step-through` and `diff`: sagas as they stood at other moments than now."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.text import Text

from saga_state.document import Saga, StoredEvent
from saga_state.event_words import in_time
from saga_state.moments import changes, first_event_at, moments
from saga_state.shown import event_json, saga_json
from saga_state.state import as_of
from services.cli.errors import USAGE, CliError
from services.cli.moment_tables import changes_of, stepped_through
from services.cli.options import Output
from services.cli.printing import answer, answer_one, console
from services.cli.projection import newest_saga, open_projection, sagas_of
from services.cli.running_stack import Found, find_stack
from services.cli.saga_page import one_saga
from services.cli.saga_tables import timeline_of
from services.cli.times import moment, parse_past

NEEDS = ("mongo",)


@dataclass(frozen=True, slots=True)
class Between:
    """A saga at two times, and what was said after the first, up to the second."""

    saga: Saga
    times: tuple[datetime, datetime]
    before: Saga
    after: Saga
    events: Sequence[StoredEvent]


def show_status_at(data: Path | None, tenant: str, text: str, at: str, output: Output) -> None:
    """One saga as it stood then; of several that an id stands for the newest of that time."""
    time = parse_past("--at", at, datetime.now(UTC))
    found = find_stack(data, NEEDS)
    saga = asyncio.run(_saga_at(found, tenant, text, time))
    head = Text(f"as it stood at {moment(time)}:", style="bold")
    shown = Group(head, one_saga(saga, found.settings.call_timeout_seconds))
    answer_one({**saga_json(saga), "as_of": time}, output, shown)


def show_steps_through(
    data: Path | None, tenant: str, text: str, with_data: bool, output: Output
) -> None:
    """Each event of a saga, with the saga before and after it."""
    saga, events = asyncio.run(_saga_and_events(find_stack(data, NEEDS), tenant, text))
    through = list(moments(saga, in_time(events)))
    rows = [
        {
            **event_json(one.event, with_data),
            "before": one.before and saga_json(one.before),
            "after": one.after and saga_json(one.after),
            "changes": changes(one.before, one.after),
        }
        for one in through
    ]
    answer(rows, output, stepped_through(through))


def show_diff(
    data: Path | None, tenant: str, text: str, between: tuple[str, str], output: Output
) -> None:
    """What differs of a saga between two times, and the events that made it so."""
    now = datetime.now(UTC)
    start, end = (parse_past("--between", one, now) for one in between)
    if start >= end:
        raise CliError(f"--between {' '.join(between)}: the earlier time comes first", USAGE)
    found = asyncio.run(_between(find_stack(data, NEEDS), tenant, text, (start, end)))
    differs = changes(found.before, found.after)
    shown = Group(changes_of(differs, found.times), timeline_of(found.events, console().width))
    answer_one(_diff_json(found), output, shown if differs or found.events else Text("no change"))


def of_that_time(sagas: Sequence[Saga], time: datetime) -> Saga:
    """The first of them that there was then, as it stood; CliError (1) if there was none."""
    for saga in sagas:
        if (then := as_of(saga, time)) is not None:
            return then
    first = min(map(first_event_at, sagas))
    line = f"nothing is known of {sagas[0]['_id']} at {moment(time)}"
    raise CliError(f"{line}: the first event that is kept is of {moment(first)}")


def _diff_json(found: Between) -> dict[str, Any]:
    start, end = found.times
    return {
        "saga_id": found.saga["_id"],
        "from": start,
        "until": end,
        "before": saga_json(found.before),
        "after": saga_json(found.after),
        "changes": changes(found.before, found.after),
        "events": [event_json(event, with_data=False) for event in found.events],
    }


async def _saga_at(found: Found, tenant: str, text: str, time: datetime) -> Saga:
    async with open_projection(found) as store:
        return of_that_time(await sagas_of(store, tenant, text), time)


async def _saga_and_events(found: Found, tenant: str, text: str) -> tuple[Saga, list[StoredEvent]]:
    async with open_projection(found) as store:
        saga, _ = await newest_saga(store, tenant, text)
        return saga, await store.timeline(tenant, saga["_id"])


async def _between(
    found: Found, tenant: str, text: str, times: tuple[datetime, datetime]
) -> Between:
    saga, events = await _saga_and_events(found, tenant, text)
    start, end = times
    said = [event for event in in_time(events) if start < event["time"] <= end]
    return Between(saga, times, of_that_time([saga], start), of_that_time([saga], end), said)
