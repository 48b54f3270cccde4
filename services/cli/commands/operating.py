"""`compensate`, `resolve` and `dlq`: what a person asks of sagas, and of what was set aside."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import AnyId, Data, DryRun, Out, Output, Tenant, tenant_name

Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept, so nothing personal.")
]
By = Annotated[str | None, typer.Option(help="Who asks (default: the user of this machine).")]
FailedStep = Annotated[
    str | None, typer.Option(help="As if this step had failed; without it everything is undone.")
]
Plan = Annotated[
    str | None, typer.Option("--plan", metavar="HASH", help="Only if this is still the plan.")
]
ParkedStep = Annotated[str, typer.Option(help="The step whose undo is parked.")]
Service = Annotated[str | None, typer.Option(help="Only of this service.")]
ErrorClass = Annotated[
    str | None,
    typer.Option("--class", help="Only of this class: INVALID_JSON, PARKED, UNDO_PARKED, ..."),
]
SagaId = Annotated[
    str | None,
    typer.Option("--saga", metavar="ID", help="Only of this saga, partner or correlation id."),
]
SagaTenant = Annotated[
    str, typer.Option("--tenant", metavar="NAME", callback=tenant_name, help="Whose --saga it is.")
]
Refs = Annotated[
    list[str] | None,
    typer.Option("--id", metavar="REF", help="Only these: an id or a place; may be repeated."),
]
Ref = Annotated[
    str, typer.Argument(metavar="REF", help="An id, or a place: TOPIC/PARTITION/OFFSET.")
]
Everything = Annotated[
    bool, typer.Option("--all", help="Also those that were redriven or discarded.")
]
Each = Annotated[bool, typer.Option("--each", help="A line per letter, with its id and place.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show values; they may be personal.")]
Again = Annotated[
    bool, typer.Option("--again", help="Also what was redriven before and came back.")
]
SendAgain = Annotated[
    bool, typer.Option("--again", help="Send it although it was dealt with before.")
]
Yes = Annotated[
    str | None,
    typer.Option("--yes", metavar="HASH", help="Act on the selection that has this hash."),
]
ToFile = Annotated[
    Path | None, typer.Option("--to", metavar="FILE", help="Write the value to a new file.")
]
FromFile = Annotated[
    Path | None, typer.Option("--from", metavar="FILE", help="Send this value in its place.")
]
Headers = Annotated[
    list[str] | None,
    typer.Option("--header", metavar="NAME=VALUE", help="Set a header of what is sent."),
]


def compensate(
    id_: AnyId,
    reason: Reason,
    step: FailedStep = None,
    plan: Plan = None,
    by: By = None,
    dry_run: DryRun = False,
    data: Data = None,
    tenant: Tenant = "default",
    output: Out = Output.TABLE,
) -> None:
    """Have a saga undone, a completed one too.

    Publishes CompensationRequested. Exit 1 if it is FAILED, COMPENSATED, or its undo is parked;
    also if --plan is not the hash of its plan any more (onboarding undo-plan).
    """
    from services.cli import wishes

    told = wishes.reason_of(reason)
    wishes.compensate(
        wishes.Wish(id_, step, told, wishes.person(by), tenant, dry_run, output, plan), data
    )


def resolve(
    id_: AnyId,
    step: ParkedStep,
    reason: Reason,
    by: By = None,
    dry_run: DryRun = False,
    data: Data = None,
    tenant: Tenant = "default",
    output: Out = Output.TABLE,
) -> None:
    """Say that a parked undo was done by hand.

    Exit 1 unless the undo of that step is parked.
    """
    from services.cli import wishes

    told = wishes.reason_of(reason)
    wishes.resolve(wishes.Wish(id_, step, told, wishes.person(by), tenant, dry_run, output), data)


def dlq_list(
    service: Service = None,
    error_class: ErrorClass = None,
    saga: SagaId = None,
    tenant: SagaTenant = "default",
    each: Each = False,
    everything: Everything = False,
    data: Data = None,
    output: Out = Output.TABLE,
) -> None:
    """What waits for a person: dead letters and parked steps, by service and class."""
    from services.cli.dlq import list_letters
    from services.letters.chosen import Which

    which = Which(service, _upper(error_class), _named(saga))
    list_letters(data, which, tenant, each, everything, output)


def dlq_show(
    ref: Ref, reveal: Reveal = False, data: Data = None, output: Out = Output.TABLE
) -> None:
    """One letter: where it stood, what is wrong with it, and its record, masked."""
    from services.cli.dlq import show_letter

    show_letter(data, ref, reveal, output)


def dlq_edit(
    ref: Ref,
    to: ToFile = None,
    from_: FromFile = None,
    header: Headers = None,
    reason: Reason = "",
    again: SendAgain = False,
    by: By = None,
    dry_run: DryRun = False,
    data: Data = None,
    output: Out = Output.TABLE,
) -> None:
    """Write a letter's value to a file, or send a changed file to its topic.

    What could still not be read is not sent (exit 1), nor what was dealt with before.
    """
    from services.cli.dlq_edit import Edit, edit_letter, headers_given
    from services.cli.wishes import person, reason_of

    told = reason_of(reason) if from_ and not dry_run else reason
    given = headers_given(header or [])
    edit_letter(Edit(ref, to, from_, given, told, person(by), again, dry_run, output), data)


def dlq_redrive(
    service: Service = None,
    error_class: ErrorClass = None,
    saga: SagaId = None,
    tenant: SagaTenant = "default",
    id_: Refs = None,
    reason: Reason = "",
    again: Again = False,
    by: By = None,
    dry_run: DryRun = False,
    yes: Yes = None,
    data: Data = None,
    output: Out = Output.TABLE,
) -> None:
    """Try again: dead letters go to their topics, parked steps get new attempts.

    Broken off, the same command does the rest. Exit 3 if only some were sent.
    """
    from services.cli.dlq_sending import act_on_letters
    from services.cli.dlq_telling import Order
    from services.cli.wishes import person, reason_of
    from services.letters.chosen import Which

    which = Which(service, _upper(error_class), _named(saga), tuple(id_ or ()))
    told = reason if dry_run else reason_of(reason)
    asked = Order("redriven", which, told, person(by), again, "cli", dry_run, yes, output, tenant)
    act_on_letters(asked, data)


def dlq_discard(
    service: Service = None,
    error_class: ErrorClass = None,
    saga: SagaId = None,
    tenant: SagaTenant = "default",
    id_: Refs = None,
    reason: Reason = "",
    by: By = None,
    dry_run: DryRun = False,
    yes: Yes = None,
    data: Data = None,
    output: Out = Output.TABLE,
) -> None:
    """Mark letters as dealt with. Nothing is deleted: `dlq list --all` shows them."""
    from services.cli.dlq_sending import act_on_letters
    from services.cli.dlq_telling import Order
    from services.cli.wishes import person, reason_of
    from services.letters.chosen import Which

    which = Which(service, _upper(error_class), _named(saga), tuple(id_ or ()))
    told = reason if dry_run else reason_of(reason)
    asked = Order("discarded", which, told, person(by), False, "cli", dry_run, yes, output, tenant)
    act_on_letters(asked, data)


def _upper(text: str | None) -> str | None:
    return None if text is None else text.upper()


def _named(text: str | None) -> tuple[str, ...]:
    return () if text is None else (text,)
