"""`onboarding purge`: forgets sagas that ended long ago, and all that belongs to them.

Like `dlq`, it acts on a selection that was looked at, by its hash. In batches: step documents
first, the saga's own document last, so that the same command again does the rest of one that was
broken off.
"""

import asyncio
import hashlib
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from services.cli.auditing import tell
from services.cli.errors import NO, PARTLY, USAGE, CliError
from services.cli.options import Output
from services.cli.printing import answer_one, console, counted, note
from services.cli.projection import open_mongo
from services.cli.purge_rules import LIVING, Scope, warning_of, words_of
from services.cli.purge_store import Place, PurgeStore
from services.cli.reaching import mongo_is_away
from services.cli.running_stack import Found, find_stack
from services.runtime.mongo import Client
from services.steps import step_names

BATCH = 500


@dataclass(frozen=True, slots=True)
class Purge:
    """What is to be forgotten, whose, by whom and why; `agreed` is the hash that was agreed to."""

    scope: Scope
    tenant: str
    by: str
    reason: str = ""
    dry_run: bool = False
    agreed: str | None = None
    output: Output = Output.TABLE


@dataclass(frozen=True, slots=True)
class Selection:
    """How many of each status, and a hash that stands for exactly these and what goes of them."""

    counts: Mapping[str, int]
    hash: str


def purge_sagas(purge: Purge, found: Found) -> None:
    """CliError: 1 nothing, or not agreed; 2 too young; 3 partly done, again does the rest."""
    asyncio.run(_purge(purge, found))


def found_for_purge(data: Path | None) -> Found:
    """MongoDB is all that it talks to."""
    return find_stack(data, ("mongo",))


async def _purge(purge: Purge, found: Found) -> None:
    async with open_mongo(found) as client:
        store = PurgeStore(client, found.settings, purge.tenant, step_names())
        await _refuse_beside_a_rebuild(store)
        chosen = await select(store, purge.scope)
        told = words_of(chosen.counts, purge.scope)
        if not sum(chosen.counts.values()):
            raise CliError(f"there is nothing to purge: no saga of {purge.tenant} matches")
        if line := warning_of(chosen.counts, purge.scope):
            note(line)
        if purge.dry_run:
            _say(purge, chosen, f"would be purged: {told}, hash {chosen.hash}", {})
            return
        _agree(purge, chosen, told)
        await _tell_audit(client, found, purge, told)
        await store.drop_leftovers()
        left = await remove_all(store, purge.scope, sum(chosen.counts.values()))
    if left:
        was = "saga was left: a step of it is", "sagas were left: a step of each is"
        note(f"{counted(left, *was)} not at rest; `onboarding status ID` shows which")
    _say(purge, chosen, f"purged: {told}", {"left": left})


async def _refuse_beside_a_rebuild(store: PurgeStore) -> None:
    """CliError (1)."""
    if await store.is_rebuilt():
        line = "a rebuild of the projection is under way, and would bring back what is purged now"
        raise CliError(f"{line}: `onboarding replay rebuild --swap` or --drop ends it")


async def select(store: PurgeStore, scope: Scope) -> Selection:
    """All that are meant, read once; only their number and a hash are kept."""
    counts = dict.fromkeys(scope.statuses, 0)
    made = hashlib.sha256(f"{scope.with_steps}".encode())
    for status in scope.statuses:
        async for ids in _batches(store, status, scope):
            counts[status] += len(ids)
            made.update("".join(f"\n{status} {id_}" for id_ in ids).encode())
    return Selection(counts, made.hexdigest()[:12])


async def remove(store: PurgeStore, scope: Scope, status: str, ids: list[str]) -> int:
    """One batch; how many were left, for a step of theirs is not at rest."""
    busy = await store.busy(status, ids)
    rest = [id_ for id_ in ids if id_ not in busy]
    if rest and scope.loses_steps(status):
        await store.remove_steps(status, rest)
    if rest:
        await store.remove_told(rest)
    return len(busy)


async def remove_all(store: PurgeStore, scope: Scope, total: int) -> int:
    """All, batch by batch; how many were left. CliError (3) if it was only some."""
    done, left, began = 0, 0, time.monotonic()
    with _bar() as progress:
        task = progress.add_task("purging", total=total, rate="")
        for status in scope.statuses:
            try:
                async for ids in _batches(store, status, scope):
                    await _refuse_beside_a_rebuild(store)
                    left += await remove(store, scope, status, ids)
                    done += len(ids)
                    rate = f"{done / max(time.monotonic() - began, 0.001):.0f}/s"
                    progress.update(task, completed=done, rate=rate)
            except Exception as error:
                if not mongo_is_away(error):
                    raise
                line = f"{done} of {total} were dealt with; again does the rest"
                away = f"MongoDB does not answer ({type(error).__name__})"
                raise CliError(f"{line}: {away}", PARTLY if done else NO) from None
    return left


async def _batches(store: PurgeStore, status: str, scope: Scope) -> AsyncIterator[list[str]]:
    after: Place | None = None
    while page := await store.page(status, scope.before, after, BATCH):
        yield [one["_id"] for one in page]
        after = (page[-1]["updated_at"], page[-1]["_id"])


def _agree(purge: Purge, chosen: Selection, told: str) -> None:
    if purge.agreed is not None:
        if purge.agreed != chosen.hash:
            line = f"now it is {told} with the hash {chosen.hash}, not {purge.agreed}"
            raise CliError(f"{line}: look again with --dry-run; nothing was done")
        return
    if not sys.stdin.isatty():
        line = f"{told}, hash {chosen.hash}: to be purged it needs --yes {chosen.hash}"
        raise CliError(line, USAGE)
    note(f"to be purged: {told}, hash {chosen.hash}")
    if not typer.confirm("Go on?", err=True):
        raise CliError("nothing was done")


async def _tell_audit(client: Client, found: Found, purge: Purge, told: str) -> None:
    """Before anything goes: a purge that is broken off has happened, too."""
    steps = ", with their step documents" if purge.scope.with_steps else ""
    reason = ": ".join(filter(None, (f"{told}{steps}", purge.reason)))
    await tell(client, found.settings, purge.tenant, purge.by, "purge", reason=reason)


def _say(purge: Purge, chosen: Selection, line: str, more: Mapping[str, int]) -> None:
    told = {
        "action": "purge",
        "tenant_id": purge.tenant,
        "ended_before": purge.scope.before,
        "count": sum(chosen.counts.values()),
        "by_status": dict(chosen.counts),
        "with_steps": purge.scope.with_steps and LIVING in purge.scope.statuses,
        "hash": chosen.hash,
        **more,
    }
    answer_one(told, purge.output, Text(line))


def _bar() -> Progress:
    """With the rate and the time left; none where nobody looks."""
    shown = console(to_stderr=True)
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"), TimeRemainingColumn(),
        console=shown, transient=True, disable=not shown.is_interactive,
    )  # fmt: skip
