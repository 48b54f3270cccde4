"""Sagas in a list, and the events of one in time, as people read them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from saga_state.document import Saga, StoredEvent
from saga_state.event_words import in_time, said_by, words_of
from services.cli.printing import cell, empty_table
from services.cli.times import duration, since_start, time_of_day

_FEWEST = ("saga", "status", "failure")
_COLUMNS = {
    175: ("saga", "partner", "journey", "status", "step", "failure", "updated", "took"),
    130: ("saga", "status", "step", "failure", "updated", "took"),
    95: ("saga", "status", "failure", "updated"),
}
_TIMELINE = ("time (UTC)", "after", "event", "said by", "tells")
ROOM_FOR_TIMES = 120
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


def list_of(sagas: Sequence[Saga], width: int) -> RenderableType:
    """A line per saga, with as much of it as there is room for in that many columns."""
    shown = next((columns for room, columns in _COLUMNS.items() if width >= room), _FEWEST)
    table = empty_table(*shown)
    for saga in sagas:
        row = _line(saga)
        table.add_row(*(cell(row[name]) for name in shown))
    return table


def timeline_of(
    events: Sequence[StoredEvent], width: int, title: str | None = None
) -> RenderableType:
    """A line per event: how long after the first, what, by whom, in a few words."""
    told = in_time(events)
    rows = [_event_line(event, told[0]["time"]) for event in told]
    shown = [name for name in _TIMELINE if name != "time (UTC)" or width >= ROOM_FOR_TIMES]
    table = empty_table(*shown, title=title)
    for row in rows:
        table.add_row(*(cell(row[name]) for name in shown))
    return table


def failure_words(saga: Saga) -> str:
    """`documents: DOCUMENT_EXPIRED`; empty without a failure."""
    failure = saga["failure"]
    return f"{failure['step']}: {failure['code']}" if failure else ""


def _event_line(event: StoredEvent, start: datetime) -> dict[str, str]:
    return {
        "time (UTC)": f"{event['time']:%H:%M:%S.%f}"[:12],
        "after": since_start(start, event["time"]),
        "event": event["type"],
        "said by": said_by(event),
        "tells": words_of(event),
    }


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
