"""One saga as people read it: where it stands, what went wrong, step by step."""

from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from saga_state.document import Parked, Saga, StepState
from saga_state.shown import shown_state
from saga_state.why.commands import id_word, tenant_words
from services.cli.printing import cell, empty_table
from services.cli.saga_tables import coloured, failure_words
from services.cli.times import duration, time_of_day

_COLUMNS = ("step", "state", "attempts", "completed", "took", "undone", "result")


def one_saga(saga: Saga, call_seconds: float) -> RenderableType:
    """Everything there is to know about where it stands; a call may take `call_seconds`."""
    return Group(_head(saga, call_seconds), _steps(saga))


def _head(saga: Saga, call_seconds: float) -> RenderableType:
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    facts = _facts(saga) | _went_wrong(saga) | _persons(saga, call_seconds) | _odd(saga)
    for name, value in facts.items():
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
    return facts


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
    return facts


def _persons(saga: Saga, call_seconds: float) -> dict[str, str]:
    """What waits for a person, and what persons asked that has not come to its end."""
    facts, waits = {}, False
    for step in saga["steps"]:
        if (parked := step["parked"]) is None:
            continue
        if step["state"] in ("parked", "undo_parked"):
            facts[f"{step['step']} waits"] = _waits_for_a_person(saga, step["step"], parked)
            waits = True
        elif _goes_on(saga, step, parked):
            facts[step["step"]] = _was_asked(parked, call_seconds)
    if saga["half_undone"]:
        until = "a person acts" if waits else "it is undone"
        facts["half undone"] = f"what a step did may be in force until {until}"
    return facts


def _odd(saga: Saga) -> dict[str, str]:
    facts = {}
    if saga["never_started"]:
        facts["odd"] = "its PartnerOnboardingInitiated was not seen"
    if saga["late_undo"]:
        facts["odd"] = "something was undone after the first step had undone its work"
    return facts


def _waits_for_a_person(saga: Saga, step: str, parked: Parked) -> str:
    is_undo = parked["state"] == "undo_parked"
    what = "its undo is parked" if is_undo else "it is parked"
    told = f"{what} since {time_of_day(parked['at'])}, tries: {parked['attempts']}"
    act = f"`{redrive_command(saga)}`"
    if is_undo:
        act = f"{act}\nor `{resolve_command(saga, step)}`"
    return f"{told}, {parked['where']}\n{act}"


def redrive_command(saga: Saga) -> str:
    """What gives its parked step new attempts; letters know a saga's id whosever it is."""
    return f"onboarding dlq redrive --saga {id_word(saga)}"


def resolve_command(saga: Saga, step: str) -> str:
    """What says that a person undid the step."""
    tenant = tenant_words(saga)
    return f"onboarding resolve {id_word(saga)} --step {step}{tenant}"


def _goes_on(saga: Saga, step: StepState, parked: Parked) -> bool:
    """Whether what a person asked then is what the step is at now."""
    at_it = "undoing" if parked["state"] == "undo_parked" else "waiting"
    return parked["asked"] is not None and step["state"] == at_it and saga["ended_at"] is None


def _was_asked(parked: Parked, call_seconds: float) -> str:
    asked = f"{parked['asked']} asked by {parked['asked_by']} at {time_of_day(parked['asked_at'])}"
    if parked["asked"] == "resolve":
        return f"{asked}; ends within about {2 * call_seconds:g} s"
    return f"{asked}; {'its undo' if parked['state'] == 'undo_parked' else 'it'} is tried again"


def _steps(saga: Saga) -> RenderableType:
    was_undone = any(step["undone_at"] for step in saga["steps"])
    shown = [name for name in _COLUMNS if name != "undone" or was_undone]
    table = empty_table(*shown)
    for step in saga["steps"]:
        row = _row(step) | {"state": coloured(shown_state(saga, step))}
        table.add_row(*(row[name] for name in shown))
    return table


def _row(step: StepState) -> dict[str, Text | str]:
    return {
        "step": step["step"],
        "attempts": str(step["attempts"]),
        "completed": time_of_day(step["completed_at"]),
        "took": duration(step["duration_ms"]),
        "undone": time_of_day(step["undone_at"]),
        "result": cell(" ".join(map(str, (step["result"] or {}).values()))),
    }
