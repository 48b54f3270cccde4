"""`onboarding prove`: searches the small worlds, and says what it saw."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.table import Table

from services.cli.errors import INTERRUPTED, NO, CliError
from services.cli.options import DEFAULT_FOLDER
from services.cli.printing import console, empty_table
from services.cli.proof.coverage import missing
from services.cli.proof.report import write_report, write_test
from services.cli.proof.runs import RUNS
from services.cli.proof.workers import Proved, prove_all
from services.runtime.protocol import TABLE

STATES = (
    "absent", "pending", "done", "rejected", "undoing", "undone", "blocked", "parked",
    "undo_parked",
)  # fmt: skip
CHECKS = (
    "checked: I1-I5, I7, I8 of docs/protocol.md, and its rules on R before F, C before P(N), W1-W6;"
    " not here: what cannot be read (I6), which never comes to the table (tests/integration)"
)


def prove(most: int, data: Path | None) -> None:
    """Prints what was seen, and leaves it in the state folder. CliError: 1 if something that must
    hold does not, or a cell of the table was not met; 130 if it was interrupted."""
    folder, begun = data or DEFAULT_FOLDER, time.monotonic()
    proved, out = list[Proved](), console()
    try:
        for one in prove_all(RUNS, most):
            proved.append(one)
            out.print(_line(one))
    except KeyboardInterrupt:
        line = f"interrupted; {len(proved)} of {len(RUNS)} small worlds were searched"
        raise CliError(line, INTERRUPTED) from None
    seconds, met = time.monotonic() - begun, Counter[str]()
    for one in proved:
        met.update(one.cells)
    unmet = missing(met)
    out.print(_cells(met), CHECKS, sep="\n")
    out.print(_together(proved, seconds))
    path = write_report(folder, proved, unmet, seconds)
    out.print(f"report: {path}", soft_wrap=True)
    _judge(proved, unmet, folder)


def _line(one: Proved) -> str:
    found = one.found
    said = "all of it" if found.complete else "cut short"
    if found.violation is not None:
        said = found.violation.what
    return (
        f"{one.run.name} ({one.run.budgets.shown}): {found.states:,} states, "
        f"{found.transitions:,} transitions, depth {found.depth}, {found.at_rest:,} ends, "
        f"{found.seconds:.0f} s: {said}"
    )


def _together(proved: Sequence[Proved], seconds: float) -> str:
    found = [one.found for one in proved]
    return (
        f"together {len(proved)} small worlds, {sum(one.states for one in found):,} states, "
        f"{sum(one.transitions for one in found):,} transitions, "
        f"depth {max(one.depth for one in found)}, {seconds:.0f} s"
    )


def _cells(met: Mapping[str, int]) -> Table:
    """The table of the protocol, with how often each cell was met; empty: there is no such cell."""
    table = empty_table("arrives", *STATES, title="How often each cell of the table was met")
    for row, states in TABLE.items():
        cells = [str(met.get(f"{row}, {one}", 0)) if one in states else "" for one in STATES]
        table.add_row(row, *cells)
    return table


def _judge(proved: Sequence[Proved], unmet: Sequence[str], folder: Path) -> None:
    out, wrong = console(), [one for one in proved if one.found.violation]
    for one in wrong:
        out.print(f"{one.run.name}:", *one.timeline, sep="\n", markup=False, soft_wrap=True)
        path = write_test(folder, one)
        out.print(f"a test that replays it: {path}", soft_wrap=True)
    if wrong:
        raise CliError("something that must hold does not: see above", NO)
    if unmet:
        raise CliError(f"cells of the table that no search met: {'; '.join(unmet)}", NO)
    if any(not one.found.complete for one in proved):
        raise CliError("not all of it was searched: --most cut it short", NO)
