"""One saga as people read it: where it stands, what went wrong, step by step."""

from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table

from saga_state.document import Parked, Saga
from services.cli.printing import cell, empty_table
from services.cli.saga_tables import coloured, failure_words
from services.cli.times import duration, time_of_day


def one_saga(saga: Saga) -> RenderableType:
    """Everything there is to know about where it stands."""
    return Group(_head(saga), _steps(saga))


def _head(saga: Saga) -> RenderableType:
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in _facts(saga).items():
        table.add_row(name, cell(value))
    return table


def _facts(saga: Saga) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "status": coloured(saga["status"]),
        "saga": saga["_id"],
        "partner": saga["partner_id"],
        "correlation": saga["correlation_id"],
        "journey": f"{saga['journey']}/{saga['journey_version']}",
        "started": time_of_day(saga["initiated_at"]),
    }
    if saga["ended_at"] is not None:
        took = duration(saga["duration_ms"])
        facts["ended"] = f"{time_of_day(saga['ended_at'])}, after {took}"
    else:
        facts["waits for"] = _waits_for(saga)
    return facts | _went_wrong(saga)


def _waits_for(saga: Saga) -> str:
    if saga["current_step"] is None:
        return "-"
    due = f", due {time_of_day(saga['due_at'])}" if saga["due_at"] else ""
    to_do = " to undo its work" if saga["status"] == "COMPENSATING" else ""
    return f"{saga['current_step']}{to_do}{due}"


def _went_wrong(saga: Saga) -> dict[str, str]:
    facts = {}
    if failure := saga["failure"]:
        facts["failure"] = f"{failure_words(saga)}. {failure['reason']}"
    if asked := saga["compensation"]:
        by = asked["requested_by"].removeprefix("/services/")
        why = f": {asked['reason']}" if by == asked["requested_by"] else ""
        facts["undoing"] = f"asked by {by} at {time_of_day(asked['requested_at'])}{why}"
    for step in saga["steps"]:
        if step["state"] in ("parked", "undo_parked") and (parked := step["parked"]):
            facts[f"{step['step']} waits"] = _waits_for_a_person(parked)
    if saga["half_undone"]:
        facts["half undone"] = "what a step did may be in force until a person acts"
    if saga["never_started"]:
        facts["odd"] = "its PartnerOnboardingInitiated was not seen"
    if saga["late_undo"]:
        facts["odd"] = "something was undone after the first step had undone its work"
    return facts


def _waits_for_a_person(parked: Parked) -> str:
    what = "its undo is parked" if parked["state"] == "undo_parked" else "it is parked"
    told = f"{what} since {time_of_day(parked['at'])}, tries: {parked['attempts']}"
    return f"{told}, {parked['where']}. See `onboarding dlq --help`"


def _steps(saga: Saga) -> RenderableType:
    table = empty_table("step", "state", "attempts", "completed", "took", "result")
    for step in saga["steps"]:
        result = step["result"] or {}
        table.add_row(
            step["step"],
            coloured(step["state"]),
            str(step["attempts"]),
            time_of_day(step["undone_at"] or step["completed_at"]),
            duration(step["duration_ms"]),
            cell(" ".join(map(str, result.values()))),
        )
    return table
