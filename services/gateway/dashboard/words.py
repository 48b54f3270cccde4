"""How times, durations and states read on the pages; pure."""

from datetime import UTC, datetime
from typing import Any

import orjson

from contracts.poison import ERROR_CLASSES
from services.gateway.replies import json_bytes
from services.letters.letter import PARKINGS

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_GOOD = {"COMPLETED", "done", "pass"}
_BAD = {"FAILED", "rejected", "timed_out", "parked", "undo_parked", "fail"}
_BAD |= {*ERROR_CLASSES, *PARKINGS}
_UNDOING = {"COMPENSATING", "undoing", "warn"}
_UNDONE = {"COMPENSATED", "undone", "nothing_to_undo", "resolved_by_operator"}
_NONE = {"not reached", "to come"}


def relative(time: datetime, now: datetime) -> str:
    """`3 min ago`, `in 20 s`, `now`. app.js has the same rule, for times that stand."""
    seconds = round((now - time).total_seconds())
    if seconds == 0:
        return "now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(seconds)}"


def span(seconds: float) -> str:
    """`3 min`, `20 s`, `0 s`: as `relative` has it."""
    whole = abs(round(seconds))
    size, unit = next((one for one in _UNITS if whole >= one[0]), (1, "s"))
    return f"{whole // size} {unit}"


def absolute(time: datetime) -> str:
    """`2026-03-02 09:30:00.250 UTC`."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC"


def iso(time: datetime) -> str:
    """As the attribute `datetime` has it."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def duration(milliseconds: int | None) -> str:
    """`250 ms`, `1.2 s`, `3 min 20 s`, `5 h 3 min`; empty for none."""
    if milliseconds is None:
        return ""
    if milliseconds < 1_000:
        return f"{milliseconds} ms"
    if milliseconds < 60_000:
        return f"{milliseconds / 1_000:.1f} s"
    minutes, seconds = divmod(milliseconds // 1_000, 60)
    hours, minutes = divmod(minutes, 60)
    first, rest = (f"{hours} h", f"{minutes} min") if hours else (f"{minutes} min", f"{seconds} s")
    return first if rest.startswith("0 ") else f"{first} {rest}"


def tone(state: str) -> str:
    """The colour of a state of a saga, a step or a check; `open` for what is under way."""
    return next((name for name, states in _TONES.items() if state in states), "open")


def words(state: str) -> str:
    """`timed out` for `timed_out`; statuses stay as programs know them."""
    return state if state.isupper() else state.replace("_", " ")


def pretty(value: Any) -> str:
    """JSON to be read, whatever its values are."""
    return orjson.dumps(orjson.loads(json_bytes(value)), option=orjson.OPT_INDENT_2).decode()


_TONES = {"good": _GOOD, "bad": _BAD, "undoing": _UNDOING, "undone": _UNDONE, "quiet": _NONE}
