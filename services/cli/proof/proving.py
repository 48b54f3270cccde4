"""`onboarding prove`: searches the small worlds, and says what it saw."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from services.cli.errors import NO, CliError
from services.cli.printing import console, empty_table
from services.cli.proof.runs import LARGE, SMALL, Run
from services.cli.proof.search import Found, search
from services.cli.proof.timeline import told

AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Proved:
    """A search that ended, and the cells of the table that it met."""

    found: Found
    cells: dict[tuple[str, str], int]
    timeline: list[str]


def prove(all_of_it: bool, most: int) -> None:
    """Prints what was seen. CliError (1) if something that must hold does not."""
    runs = (*SMALL, *LARGE) if all_of_it else SMALL
    out = console()
    table = empty_table("small world", "budgets", "states", "moves", "ends", "depth", "seconds", "")
    wrong: list[str] = []
    with ProcessPoolExecutor(AT_ONCE) as workers:
        for run, proved in zip(
            runs, workers.map(_prove_one, runs, [most] * len(runs)), strict=True
        ):
            found = proved.found
            budgets = " ".join(
                f"{name} {left}" for name, left in run.budgets._asdict().items() if left
            )
            said = "all of it" if found.complete else "stopped"
            if found.violation is not None:
                said = found.violation.what
                wrong += [f"{run.name}: {said}", *proved.timeline]
            table.add_row(
                run.name, budgets, str(found.states), str(found.transitions), str(found.at_rest),
                str(found.depth), f"{found.seconds:.0f}", said,
            )  # fmt: skip
            out.print(f"{run.name}: {found.states} states, {said}")
    out.print(table)
    for line in wrong:
        out.print(line, highlight=False)
    if wrong:
        raise CliError("something that must hold does not: see above", NO)


def _prove_one(run: Run, most: int) -> Proved:
    world = run.world()
    found = search(world, run.budgets, most)
    timeline = told(world, found.violation) if found.violation else []
    if found.violation is not None:  # what was found stays small on its way to the other process
        found.violation = type(found.violation)(found.violation.what, ())
    return Proved(found, world.cells, timeline)
