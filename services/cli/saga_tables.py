"""Sagas as people read them: one with its steps, many in a list, the events of one in time."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from saga_state.document import Saga, StoredEvent
from services.cli.event_words import said_by, words_of
from services.cli.printing import cell, empty_table
from services.cli.times import duration, since_start, time_of_day

_STYLES = {
    "COMPLETED": "green",
    "FAILED": "red",
    "COMPENSATING": "yellow",
    "COMPENSATED": "magenta",
    "done": "green",
    "rejected": "red",
    "timed_out": "red",
    "parked": "red",
    "undo_parked": "red",
    "undoing": "yellow",
    "undone": "magenta",
}


def coloured(status: str) -> Text:
    """A status, of a saga or of a step, in its colour."""
    return Text(status, style=_STYLES.get(status, "cyan" if status.isupper() else ""))


def one_saga(saga: Saga) -> RenderableType:
    """Everything there is to know about where it stands."""
    return Group(_head(saga), _steps(saga))


def list_of(sagas: Sequence[Saga], wide: bool) -> RenderableType:
    """A line per saga; `wide` has room for the partner id too."""
    columns = ["saga", "partner", "journey", "status", "step", "failure", "updated", "took"]
    shown = columns if wide else [name for name in columns if name not in ("partner", "journey")]
    table = empty_table(*shown)
    for saga in sagas:
        row = _line(saga)
        table.add_row(*(cell(row[name]) for name in shown))
    return table


def timeline_of(events: Sequence[StoredEvent], title: str | None = None) -> RenderableType:
    """A line per event: how long after the first, what, by whom, in a few words."""
    table = empty_table("time", "after", "event", "said by", "tells", title=title)
    for event in events:
        table.add_row(
            f"{event['time']:%H:%M:%S.%f}"[:12],
            since_start(events[0]["time"], event["time"]),
            event["type"],
            said_by(event),
            cell(words_of(event)),
        )
    return table


def failure_words(saga: Saga) -> str:
    """`documents: DOCUMENT_EXPIRED`; empty without a failure."""
    failure = saga["failure"]
    return f"{failure['step']}: {failure['code']}" if failure else ""


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
        facts["undoing"] = f"asked by {by} at {time_of_day(asked['requested_at'])}"
    if saga["never_started"]:
        facts["odd"] = "its PartnerOnboardingInitiated was not seen"
    if saga["late_undo"]:
        facts["odd"] = "something was undone after the first step had undone its work"
    return facts


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


def _line(saga: Saga) -> dict[str, Any]:
    return {
        "saga": saga["_id"],
        "partner": saga["partner_id"],
        "journey": saga["journey"],
        "status": coloured(saga["status"]),
        "step": saga["current_step"],
        "failure": failure_words(saga),
        "updated": time_of_day(saga["updated_at"]),
        "took": duration(saga["duration_ms"]),
    }
