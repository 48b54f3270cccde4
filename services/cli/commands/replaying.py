"""`replay`: the projection rebuilt, a rehearsal of a deploy, records taken out and brought back."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.commands.operating import By, Reason, Yes
from services.cli.errors import USAGE, CliError
from services.cli.options import Data, DryRun, Out, Output, Tenant

if TYPE_CHECKING:
    from services.cli.replay.choosing import Wanted

Workers = Annotated[
    int | None,
    typer.Option(min=1, max=64, metavar="N", help="Processes (default: one per core)."),
]
Swap = Annotated[bool, typer.Option("--swap", help="Make the rebuilt projection the live one.")]
Lose = Annotated[
    bool, typer.Option("--lose", help="Swap although live sagas are in no record any more.")
]
Drop = Annotated[bool, typer.Option("--drop", help="Give up a rebuild that was not swapped.")]


Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="Said since: 15m, 2h, 7d ago, or an ISO time.")
]
Before = Annotated[str | None, typer.Option(metavar="TIME", help="Said before then.")]
Sagas = Annotated[
    list[str] | None,
    typer.Option("--saga", metavar="ID", help="Of this saga, partner or correlation id."),
]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="EVENT", help="Of this type: PartnerOnboardingFailed, ..."),
]
Ids = Annotated[list[str] | None, typer.Option("--id", metavar="ID", help="The event of this id.")]
Offsets = Annotated[
    list[str] | None,
    typer.Option("--offset", metavar="PLACE", help="TOPIC/PARTITION/OFFSET, or .../FIRST-LAST."),
]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many sagas.")]
Until = Annotated[
    str | None,
    typer.Option(metavar="EVENT", help="Stop in one saga when this was said (a type or an id)."),
]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="SOURCE", help="An export or import instead of the topics."),
]
File = Annotated[Path, typer.Argument(metavar="FILE", help="JSON lines.")]
Source = Annotated[str, typer.Argument(metavar="SOURCE", help="A file of an export, or an import.")]
Name = Annotated[str | None, typer.Option(help="What to call it (default: as the file).")]
Replaced = Annotated[
    bool, typer.Option("--replaced", help="Replace personal data, so that the rules decide alike.")
]
ToLive = Annotated[bool, typer.Option("--to-live", help="Yes, to the topics that services hear.")]
SendReplaced = Annotated[
    bool, typer.Option("--replaced", help="Although personal data in it was replaced.")
]
Rate = Annotated[int, typer.Option(min=1, max=10_000, help="Records a second.")]
OnlyTypes = Annotated[
    list[str] | None, typer.Option("--type", metavar="EVENT", help="Only events of this type.")
]
Again = Annotated[bool, typer.Option("--again", help="Although all of it was sent before.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show what steps keep; may be personal.")]


def rebuild(
    workers: Workers = None,
    swap: Swap = False,
    drop: Drop = False,
    lose: Lose = False,
    by: By = None,
    data: Data = None,
    output: Out = Output.TABLE,
) -> None:
    """Rebuild the projection from the topics, beside the live one.

    Broken off, the same command goes on. Exit 1 if the two differ and --swap was not given.
    """
    from services.cli.replay import rebuild as work
    from services.cli.wishes import person

    if lose and not swap:
        raise CliError("--lose goes with --swap", USAGE)
    if swap and drop:
        raise CliError("give either --swap or --drop", USAGE)
    if drop:
        work.drop(data)
        return
    who = person(by) if by else None
    work.rebuild(work.Asked(workers or os.cpu_count() or 1, swap, lose, output, who), data)


def sandbox(
    since: Since = None,
    before: Before = None,
    saga: Sagas = None,
    type_: Types = None,
    id_: Ids = None,
    offset: Offsets = None,
    until: Until = None,
    limit: Limit = 10_000,
    from_: From = None,
    reveal: Reveal = False,
    data: Data = None,
    tenant: Tenant = "default",
    output: Out = Output.TABLE,
) -> None:
    """Play recorded sagas in memory with the handlers and rules of today.

    Shows what comes out differently; nothing is sent or stored. Exit 1 if something does.
    """
    from services.cli.replay import sandbox as work

    wanted = _wanted(since, before, saga, type_, id_, offset, tenant, limit)
    work.sandbox(work.Asked(wanted, from_, until, reveal, output), data)


def export(
    file: File,
    since: Since = None,
    before: Before = None,
    saga: Sagas = None,
    type_: Types = None,
    id_: Ids = None,
    offset: Offsets = None,
    replaced: Replaced = False,
    limit: Limit = 10_000,
    by: By = None,
    data: Data = None,
    tenant: Tenant = "default",
    output: Out = Output.TABLE,
) -> None:
    """Write recorded sagas to a new file, with keys, headers and offsets.

    Exit 3 if some come out differently with personal data replaced; they are named.
    """
    from services.cli.replay import exporting as work
    from services.cli.wishes import person

    wanted = _wanted(since, before, saga, type_, id_, offset, tenant, limit)
    work.export(work.Export(file, wanted, replaced, person(by), output), data)


def import_(file: File, name: Name = None, data: Data = None, output: Out = Output.TABLE) -> None:
    """Take an export in, whole or not at all, for `sandbox --from` and `publish`.

    Exit 3 if some sagas come out differently by the code and rules of here.
    """
    from services.cli.replay import exporting as work

    work.import_(file, name, data, output)


def publish(
    source: Source,
    to_live: ToLive = False,
    reason: Reason = "",
    rate: Rate = 100,
    type_: OnlyTypes = None,
    again: Again = False,
    replaced: SendReplaced = False,
    by: By = None,
    dry_run: DryRun = False,
    yes: Yes = None,
    data: Data = None,
    output: Out = Output.TABLE,
) -> None:
    """Send the records of an export to live topics, under their old ids.

    Broken off, the same command goes on. Exit 3 if only some were sent.
    """
    from services.cli.replay import publishing as work
    from services.cli.wishes import person, reason_of

    told = reason_of(reason) if to_live and not dry_run else reason
    asked = work.Publish(
        source, to_live, told, person(by), rate, type_ or (), dry_run, yes, again, replaced, output
    )
    work.publish(asked, data)


def _wanted(
    since: str | None,
    before: str | None,
    saga: list[str] | None,
    types: list[str] | None,
    ids: list[str] | None,
    offset: list[str] | None,
    tenant: str,
    limit: int,
) -> "Wanted":
    from datetime import UTC, datetime

    from services.cli.replay.choosing import Wanted, place_of
    from services.cli.times import parse_past

    now = datetime.now(UTC)
    return Wanted(
        tenant,
        parse_past("--since", since, now) if since else None,
        parse_past("--before", before, now) if before else None,
        saga or (),
        types or (),
        ids or (),
        [place_of(text) for text in offset or ()],
        limit,
    )


def restore(
    to: Annotated[
        str, typer.Option(metavar="TIME", help="Before the backup: 2h, 1d ago, or an ISO time.")
    ],
    by: By = None,
    data: Data = None,
    without_outside: Annotated[
        bool, typer.Option(help="Steps whose URL is not set ask no outside system.")
    ] = False,
    dry_run: DryRun = False,
    output: Out = Output.TABLE,
) -> None:
    """Bring a MongoDB that came back from a backup to where the topics are.

    All services must have ended; the settings must be theirs. Step documents are told by the topics
    where these know more, and all groups read again what came since. A time that is too early does
    no harm."""
    from services.cli.replay.restore import restore as bring_up
    from services.cli.wishes import person

    bring_up(to, person(by), data, without_outside, dry_run, output)
