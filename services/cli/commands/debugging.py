"""`diff`, `undo-plan`: what became of a saga, and what would become of it."""

from typing import Annotated

import typer

from services.cli.options import AnyId, Data, Out, Output, Tenant

Between = Annotated[
    tuple[str, str], typer.Option("--between", metavar="T1 T2", help="The two times, as for --at.")
]
AsIfFailed = Annotated[str | None, typer.Option("--step", help="As if this step had failed.")]


def diff(
    id_: AnyId,
    between: Between,
    data: Data = None,
    tenant: Tenant = "default",
    output: Out = Output.TABLE,
) -> None:
    """What differs of a saga between two times, and the events that made it so."""
    from services.cli.moments import show_diff

    show_diff(data, tenant, id_, between, output)


def undo_plan(
    id_: AnyId,
    step: AsIfFailed = None,
    data: Data = None,
    tenant: Tenant = "default",
    output: Out = Output.TABLE,
) -> None:
    """What `compensate` would do: step by step, what is unknown, what it takes.

    Exit 1 if it would be refused. Nothing is asked for.
    """
    from services.cli.undo_plan import show_undo_plan

    show_undo_plan(data, tenant, id_, step, output)
