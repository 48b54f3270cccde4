"""The answer of `why` as people read it: sentence, evidence, what helps, what else it may be."""

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from saga_state.why.answer import Answer
from saga_state.why.cause import Cause
from services.cli.printing import cell
from services.cli.saga_tables import coloured


def one_answer(answer: Answer) -> RenderableType:
    """All of it; the command stands on a line of its own, to be copied."""
    parts: list[RenderableType] = [Text(answer.sentence, style="bold"), _evidence(answer)]
    parts.append(_command(answer.cause))
    if not answer.sure:
        parts += [Text("\nnot sure, in this order:"), _causes(answer)]
    return Group(*parts)


def _evidence(answer: Answer) -> RenderableType:
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("saga", cell(answer.saga_id))
    table.add_row("status", coloured(answer.status))
    for one in answer.evidence:
        table.add_row(one.what, cell(one.told))
    return table


def _command(cause: Cause) -> RenderableType:
    return Text.assemble("what helps: ", (cause.command, "bold"))


def _causes(answer: Answer) -> RenderableType:
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for number, cause in enumerate(answer.causes, 1):
        tell = f"to tell: {cause.tell}" if cause.tell else ""
        table.add_row(f"{number}.", cell(cause.sentence), cell(tell))
    return table
