"""`purge`: what is to be forgotten."""

from typing import Annotated

import typer

from services.cli.options import Data, DryRun, Out, Output, Tenant

By = Annotated[str | None, typer.Option(help="Who asks (default: the user of this machine).")]
Yes = Annotated[
    str | None,
    typer.Option("--yes", metavar="HASH", help="Act on the selection that has this hash."),
]
EndedBefore = Annotated[
    str,
    typer.Option(metavar="TIME", help="Only ended before: 60d, 10w ago, or an ISO time."),
]
EndedAs = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        metavar="NAME",
        help="Only these; may be repeated (FAILED and COMPENSATED). COMPLETED: living partners.",
    ),
]
WithSteps = Annotated[
    bool,
    typer.Option(
        "--with-steps",
        help="Forget what completed sagas did: it stays in force, and nobody can undo it.",
    ),
]
PurgeReason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; the audit keeps it.")
]


def purge(
    ended_before: EndedBefore,
    status: EndedAs = None,
    with_steps: WithSteps = False,
    reason: PurgeReason = "",
    by: By = None,
    dry_run: DryRun = False,
    yes: Yes = None,
    data: Data = None,
    tenant: Tenant = "default",
    output: Out = Output.TABLE,
) -> None:
    """Forget sagas that ended long ago: what is known of them, and their step documents.

    Nothing younger than what topics and dead letters keep. Broken off, again does the rest.
    """
    from datetime import UTC, datetime

    from services.cli.purge import Purge, found_for_purge, purge_sagas
    from services.cli.purge_rules import DEFAULT, Scope
    from services.cli.times import parse_since
    from services.cli.wishes import person

    now = datetime.now(UTC).replace(microsecond=0)
    before = parse_since(ended_before, now, "--ended-before")
    statuses = tuple(dict.fromkeys(one.upper() for one in status or ())) or DEFAULT
    scope, found = Scope(before, statuses, with_steps), found_for_purge(data)
    scope.check(found.settings, now)
    purge_sagas(Purge(scope, tenant, person(by), reason, dry_run, yes, output), found)
