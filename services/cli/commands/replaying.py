"""`replay`: the projection rebuilt, a rehearsal of a deploy, records taken out and brought back."""

import os
from typing import Annotated

import typer

from services.cli.errors import USAGE, CliError
from services.cli.options import Data, Out, Output

Workers = Annotated[
    int | None,
    typer.Option(min=1, max=64, metavar="N", help="Processes (default: one per core)."),
]
Swap = Annotated[bool, typer.Option("--swap", help="Make the rebuilt projection the live one.")]
Drop = Annotated[bool, typer.Option("--drop", help="Give up a rebuild that was not swapped.")]


def rebuild(
    workers: Workers = None,
    swap: Swap = False,
    drop: Drop = False,
    data: Data = None,
    output: Out = Output.TABLE,
) -> None:
    """Rebuild the projection from the topics, beside the live one.

    Broken off, the same command goes on. Exit 1 if the two differ and --swap was not given.
    """
    from services.cli.replay import rebuild as work

    if swap and drop:
        raise CliError("give either --swap or --drop", USAGE)
    if drop:
        work.drop(data)
        return
    work.rebuild(work.Asked(workers or os.cpu_count() or 1, swap, output), data)
