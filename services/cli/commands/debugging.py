"""`diff`, `undo-plan`, `capture`: what became of a saga, would become of it, and becomes again."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import AnyId, Data, Out, Output, Tenant

Between = Annotated[
    tuple[str, str], typer.Option("--between", metavar="T1 T2", help="The two times, as for --at.")
]
AsIfFailed = Annotated[str | None, typer.Option("--step", help="As if this step had failed.")]
ToFile = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="A new file; else stdout.")
]
Expect = Annotated[
    str | None,
    typer.Option(metavar="STATUS", help="How it should have ended: red until the code is mended."),
]


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


def capture(
    id_: AnyId,
    output: ToFile = None,
    expect: Expect = None,
    data: Data = None,
    tenant: Tenant = "default",
) -> None:
    """Write a test that plays a saga again in memory, with personal data replaced.

    It asserts what was recorded, or with --expect how it is to end. Exit 1 if the code that is here
    does not go so.
    """
    from services.cli.capture.command import capture as write_test

    write_test(data, tenant, id_, output, None if expect is None else expect.upper())
