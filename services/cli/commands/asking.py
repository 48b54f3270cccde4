"""`status`, `why`, `list`, `timeline`, `watch`, `events`: what is known of the sagas."""

from typing import Annotated

import typer

from services.cli.options import AnyId, Data, Out, Output, Tenant, tenant_name

Status = Annotated[str | None, typer.Option(help="Only these, such as COMPLETED or FAILED.")]
Journey = Annotated[str | None, typer.Option(help="Only of this journey.")]
Step = Annotated[str | None, typer.Option(help="Only those that wait for this step.")]
Code = Annotated[str | None, typer.Option(help="Only those that failed so: DOCUMENT_EXPIRED.")]
Since = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Only updated since: 15m, 2h, 7d ago, or an ISO time."),
]
Email = Annotated[str | None, typer.Option(help="Only of the partner with this e-mail address.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="As it stood then: 15m, 2h, 7d ago, or an ISO time."),
]
StepThrough = Annotated[
    bool, typer.Option("--step-through", help="The saga before and after each event.")
]
WithData = Annotated[
    bool, typer.Option("--with-data", help="In JSON: the events' data too; it may be personal.")
]
EventTypes = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="NAME", help="Only these events; may be repeated."),
]
EventStatus = Annotated[
    str | None, typer.Option("--status", help="Only events that lead to it: FAILED, COMPLETED, ...")
]
SagaId = Annotated[
    str | None,
    typer.Option("--saga", metavar="ID", help="Only of this saga, partner or correlation id."),
]
PartnerId = Annotated[
    str | None, typer.Option("--partner", metavar="ID", help="Only of this partner id.")
]
AnyTenant = Annotated[
    str | None, typer.Option("--tenant", metavar="NAME", help="Only of this tenant.")
]
Recorded = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Only since: 15m, 2h, 7d ago, or an ISO time."),
]
Follow = Annotated[
    bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C; from now on without --since.")
]
WhyId = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="A saga, partner or correlation id.")
]
AllStuck = Annotated[bool, typer.Option("--all", help="The sagas that are stuck, by cause.")]
MostStuck = Annotated[
    int,
    typer.Option(
        "--limit", min=1, max=100_000, help="With --all: look at so many, the longest unchanged."
    ),
]
OptionalId = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="A saga, partner or correlation id; or all.")
]


def status(
    id_: AnyId,
    at: At = None,
    data: Data = None,
    tenant: Tenant = "default",
    output: Out = Output.TABLE,
) -> None:
    """Where one saga stands, step by step."""
    from services.cli.asking import show_status
    from services.cli.moments import show_status_at

    if at is None:
        show_status(data, tenant, id_, output)
    else:
        show_status_at(data, tenant, id_, at, output)


def why(
    id_: WhyId = None,
    all_: AllStuck = False,
    limit: MostStuck = 1000,
    data: Data = None,
    tenant: Tenant = "default",
    output: Out = Output.TABLE,
) -> None:
    """Why a saga stands where it stands, the evidence, and what helps.

    With --all: the sagas that are stuck, grouped by why."""
    from services.cli.errors import USAGE, CliError

    if (id_ is None) is not all_:
        raise CliError("why: give an ID, or --all", USAGE)
    if id_ is None:
        from services.cli.why_all import show_why_all

        show_why_all(data, tenant, limit, output)
    else:
        from services.cli.why import show_why

        show_why(data, tenant, id_, output)


def list_(
    status: Status = None,
    journey: Journey = None,
    step: Step = None,
    code: Code = None,
    since: Since = None,
    email: Email = None,
    at: At = None,
    limit: Limit = 50,
    data: Data = None,
    tenant: Tenant = "default",
    output: Out = Output.TABLE,
) -> None:
    """The sagas, the latest updated first."""
    from services.cli.asking import Filters, show_list
    from services.cli.fleet import show_list_at

    filters = Filters(_upper(status), journey, step, _upper(code), since, email)
    if at is None:
        show_list(data, tenant, filters, limit, output)
    else:
        show_list_at(data, tenant, filters, at, limit, output)


def _upper(text: str | None) -> str | None:
    return None if text is None else text.upper()


def timeline(
    id_: AnyId,
    step_through: StepThrough = False,
    with_data: WithData = False,
    data: Data = None,
    tenant: Tenant = "default",
    output: Out = Output.TABLE,
) -> None:
    """The events of a saga, in time."""
    from services.cli.asking import show_timeline
    from services.cli.moments import show_steps_through

    show = show_steps_through if step_through else show_timeline
    show(data, tenant, id_, with_data, output)


def watch(
    id_: OptionalId = None,
    data: Data = None,
    tenant: Tenant = "default",
    output: Out = Output.TABLE,
) -> None:
    """Follow one saga, or all of them.

    One until it ends; all until Ctrl-C."""
    from services.cli.watch import watch_all, watch_one

    if id_ is None:
        watch_all(data, tenant, output)
    else:
        watch_one(data, tenant, id_, output)


def events(
    type_: EventTypes = None,
    status: EventStatus = None,
    saga: SagaId = None,
    partner: PartnerId = None,
    since: Recorded = None,
    follow: Follow = False,
    with_data: WithData = False,
    tenant: AnyTenant = None,
    data: Data = None,
    output: Out = Output.TABLE,
) -> None:
    """The events as they stand on the topics, in time.

    Reads the topics themselves: no projection, no consumer group."""
    from services.cli.events import show_events
    from services.cli.events_wanted import EventsWanted
    from services.cli.times import since_or_none

    whose = None if tenant is None else tenant_name(tenant)
    types, told = tuple(type_ or ()), _upper(status)
    wanted = EventsWanted(types, told, saga, partner, whose, since_or_none(since))
    show_events(data, wanted, follow, with_data, output)
