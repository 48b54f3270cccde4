"""A change of a saga as a line."""

from rich.text import Text

from saga_state.document import Saga
from services.cli.options import Output
from services.cli.printing import console, write_lines
from services.cli.saga_json import saga_json
from services.cli.saga_tables import coloured, failure_words
from services.cli.times import duration


def tell_change(saga: Saga, output: Output) -> None:
    """When, which saga, its status now, and what it waits for or how it ended."""
    if output is not Output.TABLE:
        write_lines([saga_json(saga)])
        return
    line = Text(f"{saga['updated_at']:%H:%M:%S}Z  {saga['_id']}  ")
    line.append_text(coloured(f"{saga['status']:<18}"))
    line.append(f" {_now(saga)}")
    console().print(line, soft_wrap=True)


def _now(saga: Saga) -> str:
    if saga["ended_at"] is not None:
        return f"{failure_words(saga)} after {duration(saga['duration_ms'])}".strip()
    waits = f"waits for {saga['current_step']}" if saga["current_step"] else ""
    return ", ".join(filter(None, (failure_words(saga), waits)))
