"""A saga event by event, and what differs between two moments, as people read them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from saga_state.document import Saga
from saga_state.event_words import said_by
from saga_state.moments import Change, Moment, changes
from services.cli.printing import cell, empty_table
from services.cli.saga_tables import coloured
from services.cli.times import moment, since_start


def stepped_through(through: Sequence[Moment]) -> RenderableType:
    """A line per event: the status before and after it, and what else it changed."""
    table = empty_table("after", "event", "said by", "status", "changes")
    for one in through:
        table.add_row(
            since_start(through[0].event["time"], one.event["time"]),
            one.event["type"],
            said_by(one.event),
            _from_to(_status(one.before), _status(one.after)),
            _words(one),
        )
    return table


def changes_of(differs: Sequence[Change], times: tuple[datetime, datetime]) -> RenderableType:
    """A line per field: what it was at the first time, and at the second."""
    table = empty_table("field", *map(moment, times))
    for one in differs:
        table.add_row(one["field"], _value(one["before"]), _value(one["after"]))
    return table


def _status(saga: Saga | None) -> str:
    return saga["status"] if saga else "-"


def _from_to(before: str, after: str) -> Text:
    if before == after:
        return coloured(after)
    return Text.assemble(coloured(before), " -> ", coloured(after))


def _words(one: Moment) -> Text:
    """`contract: waiting -> done`, and what went wrong."""
    return Text(", ".join(filter(None, map(_word, changes(one.before, one.after)))))


def _word(change: Change) -> str:
    field, after = change["field"], change["after"]
    if field.endswith(".state"):
        return f"{field.removesuffix('.state')}: {change['before'] or 'waiting'} -> {after}"
    if field == "failure" and after:
        return f"failure {after['step']}: {after['code']}"
    return field.replace("_", " ") if field in _FLAGS and after else ""


def _value(value: Any) -> Text:
    if isinstance(value, datetime):
        return Text(moment(value))
    if isinstance(value, dict):
        return Text(_in_short(value))
    return cell("-" if value is None else value)


def _in_short(value: Mapping[str, Any]) -> str:
    """A failure, a request to undo, a parking, or a step's result."""
    if "code" in value:
        return f"{value['step']}: {value['code']}"
    if "requested_by" in value:
        return f"asked by {value['requested_by'].removeprefix('/services/')}"
    if "where" in value:
        return f"{value['state']}, {value['where']}"
    return " ".join(map(str, value.values()))


_FLAGS = ("never_started", "late_undo", "half_undone")
