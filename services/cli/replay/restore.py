"""`onboarding replay restore`: what MongoDB lost since a backup, told by the topics."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from services.cli.auditing import EVERYBODY, tell_if_possible
from services.cli.errors import PARTLY, USAGE, CliError
from services.cli.options import Output
from services.cli.printing import answer, counted, note, quiet, write_line
from services.cli.progress import Bar
from services.cli.projection import open_mongo
from services.cli.replay.restore_documents import Told, newer, recorded_since, told_of
from services.cli.replay.restore_groups import GroupPlan, first_places, plans_of, set_back
from services.cli.running_stack import Found, find_stack
from services.cli.step_rules import check_steps
from services.cli.times import parse_past, time_of_day
from services.cli.topics import ask
from services.runtime.document import Document
from services.runtime.mongo import Client
from services.runtime.ports import Unknown, Written
from services.runtime.settings import PREFIX, Settings
from services.runtime.store import StepStore
from services.runtime.vitals import Vitals
from services.steps import all_steps

AT_ONCE, ANSWER_SECONDS = 500, 30.0
Counts = Mapping[str, Counter[str]]  # by step: what became of how many


def restore(
    to: str, by: str, data: Path | None, without_outside: bool, dry_run: bool, output: Output
) -> None:
    """All of it, or what would be done. CliError: 1 a service runs, records of since then are gone,
    or a server does not answer (the same command goes on); 2 outside systems are not named;
    3 documents that the topics tell could not be written."""
    time = parse_past("--to", to, datetime.now(UTC))
    found = find_stack(data, ("kafka", "mongo"))
    check_steps(found.settings)
    if not without_outside:
        refuse_unnamed_outside(found.settings)
    quiet()
    first = ask(found, first_places(found.settings, time))
    plans = ask(found, plans_of(found.settings, first))
    told = asyncio.run(_told(found, first))
    if not dry_run:
        reason = f"step documents and groups as the topics have them, from {time_of_day(time)} on"
        asyncio.run(tell_if_possible(found, EVERYBODY, by, "replay.restore", reason=reason))
    counts = asyncio.run(_documents(found, told, dry_run))
    if not dry_run:
        for plan in plans:
            if plan.goes:
                ask(found, set_back(found.settings, plan))
    _say(plans, counts, output)
    _close(time, counts, dry_run, output)


def refuse_unnamed_outside(settings: Settings) -> None:
    """CliError (2) if nobody says where an outside system is. No event tells whether a step asked
    one; a document of which it is not known would be undone without asking it."""
    steps = [one.name for one in all_steps() if one.outside_no is not None]
    unnamed = [f"{PREFIX}{one.upper()}_URL" for one in steps if settings.url_of(one) is None]
    if unnamed:
        names = ", ".join(unnamed)
        line = f"{names}: not set, and an undo of what these steps did would ask no outside system"
        mend = "set what the services have, or say --without-outside if they have none"
        raise CliError(f"{line}: {mend}", USAGE)


async def _told(found: Found, first: Mapping[tuple[str, int], int]) -> Told:
    with Bar() as bar:
        sagas = await recorded_since(found.settings, first, bar)
        return await told_of(sagas, all_steps(), found.settings, bar)


async def _documents(found: Found, told: Told, dry_run: bool) -> Counts:
    async with open_mongo(found) as mongo:
        return {
            step.name: await _of_step(found, mongo, step.name, told, dry_run)
            for step in all_steps()
        }


async def _of_step(
    found: Found, mongo: Client, step: str, told: Told, dry_run: bool
) -> Counter[str]:
    database = found.settings.database(f"onboarding_{step}")
    store = StepStore(mongo, database, Vitals(), lambda: datetime.now(UTC))
    documents = told.documents[step]
    kept: dict[str, Document] = {}
    for some in _chunks(documents):
        async with asyncio.timeout(ANSWER_SECONDS):  # a service would wait
            kept |= await store.read([one.context.saga_id for one in some])
    written = list(newer(documents, kept))
    count = Counter(told=len(documents), untold=told.untold[step], restored=len(written), refused=0)
    for some in () if dry_run else _chunks(written):
        results = await store.write(some, {})
        if any(isinstance(one, Unknown) for one in results):
            raise TimeoutError
        count["refused"] += sum(not isinstance(one, Written) for one in results)
    count["restored"] -= count["refused"]
    return count


def _chunks(documents: Sequence[Document]) -> Sequence[Sequence[Document]]:
    return [documents[at : at + AT_ONCE] for at in range(0, len(documents), AT_ONCE)]


def _say(plans: Sequence[GroupPlan], counts: Counts, output: Output) -> None:
    rows = []
    for plan in plans:
        of_step = counts.get(plan.group.rpartition(".")[2], Counter())
        rows.append(
            {
                "group": plan.group,
                "records_again": plan.again,
                "documents_restored": of_step["restored"],
                "left_to_do_again": of_step["untold"],
            }
        )
    answer(rows, output)


def _close(time: datetime, counts: Counts, dry_run: bool, output: Output) -> None:
    total = sum(one["restored"] for one in counts.values())
    if output is Output.TABLE:
        what = "would be" if dry_run else "were"
        documents = counted(total, "document", "documents")
        write_line(f"{documents} {what} restored, groups {what} set back to {time_of_day(time)}")
    if refused := sum(one["refused"] for one in counts.values()):
        line = counted(refused, "document was", "documents were")
        raise CliError(f"{line} refused: written meanwhile, or of what another holds", PARTLY)
    if not dry_run:
        note("start the services now: what is done already they know, and do not do again")
