"""`status`, `list` and `timeline`: what the projection knows."""

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from contracts.journey import JOURNEYS
from saga_state.document import Saga, StoredEvent, statuses
from saga_state.event_words import in_time
from saga_state.partner_hash import partner_hash
from saga_state.queries import Wanted
from saga_state.shown import event_json, saga_json
from services.cli.errors import USAGE, CliError
from services.cli.options import Output, one_of
from services.cli.printing import answer, answer_one, console, note
from services.cli.projection import newest_saga, open_projection
from services.cli.running_stack import Found, find_stack
from services.cli.saga_page import one_saga
from services.cli.saga_tables import list_of, timeline_of
from services.cli.times import parse_past
from services.runtime.settings import Settings
from services.steps import step_names

NEEDS = ("mongo",)
_CODE = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a person may ask of a list, as typed."""

    status: str | None = None
    journey: str | None = None
    step: str | None = None
    code: str | None = None
    since: str | None = None
    email: str | None = None


def show_status(data: Path | None, tenant: str, text: str, output: Output) -> None:
    """One saga; of several that an id stands for the newest, after a list of all."""
    found = find_stack(data, NEEDS)
    saga, all_of_it = asyncio.run(_newest(found, tenant, text))
    if len(all_of_it) > 1 and output is Output.TABLE:
        console().print(list_of(all_of_it, console().width))
    answer_one(saga_json(saga), output, one_saga(saga, found.settings.call_timeout_seconds))


def show_list(data: Path | None, tenant: str, filters: Filters, limit: int, output: Output) -> None:
    """The sagas that the filters want, the latest updated first."""
    found = find_stack(data, NEEDS)
    wanted = wanted_of(filters, found.settings, datetime.now(UTC))
    sagas = asyncio.run(_listed(found, tenant, wanted, limit))
    answer([saga_json(saga) for saga in sagas], output, list_of(sagas, console().width))
    if not sagas:
        note(f"no saga of tenant {tenant!r} matches")
    if len(sagas) == limit:
        note(f"these are the first {limit}; --limit shows more")


def show_timeline(
    data: Path | None, tenant: str, text: str, with_data: bool, output: Output
) -> None:
    """The events of a saga in time."""
    events = in_time(asyncio.run(_timeline(find_stack(data, NEEDS), tenant, text)))
    rows = [event_json(event, with_data) for event in events]
    answer(rows, output, timeline_of(events, console().width))


def wanted_of(filters: Filters, settings: Settings, now: datetime) -> Wanted:
    """The question to the projection; CliError (2) names what it cannot be asked."""
    one_of("--status", filters.status, statuses())
    one_of("--journey", filters.journey, dict.fromkeys(name for name, _ in JOURNEYS))
    one_of("--step", filters.step, step_names())
    if filters.code is not None and not _CODE.fullmatch(filters.code):
        raise CliError(f"--code {filters.code}: write a code such as DOCUMENT_EXPIRED", USAGE)
    wanted = Wanted(filters.status, filters.step, filters.journey, filters.code)
    if filters.email is not None:
        wanted = replace(wanted, partner_hash=_hash_of(filters.email, settings))
    if filters.since is not None:
        wanted = replace(wanted, updated_from=parse_past("--since", filters.since, now))
    return wanted


def _hash_of(email: str, settings: Settings) -> str:
    found = partner_hash(settings.hash_key.get_secret_value().encode(), email)
    if found is None:
        raise CliError("--email: write an e-mail address, such as me@mine.com", USAGE)
    return found


async def _newest(found: Found, tenant: str, text: str) -> tuple[Saga, list[Saga]]:
    async with open_projection(found) as store:
        return await newest_saga(store, tenant, text)


async def _listed(found: Found, tenant: str, wanted: Wanted, limit: int) -> list[Saga]:
    async with open_projection(found) as store:
        return await store.listed(tenant, wanted, limit)


async def _timeline(found: Found, tenant: str, text: str) -> list[StoredEvent]:
    async with open_projection(found) as store:
        saga, _ = await newest_saga(store, tenant, text)
        return await store.timeline(tenant, saga["_id"])
