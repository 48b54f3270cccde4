"""Turns in a saga's life that a write has shown: it began, ended, was asked to be undone.

Each is seen once, by the one worker whose write showed it: the write is guarded on what was before.
"""

from dataclasses import dataclass
from typing import Literal

from saga_state.document import Saga
from saga_state.status import ENDED
from saga_state.steps import milliseconds

What = Literal["began", "ended", "undo_requested", "undo_completed", "undo_failed"]


@dataclass(frozen=True, slots=True)
class Turn:
    """`label`: the status it ended with; who asked (service, person). `seconds`: of what ended,
    but for sagas that had completed before they were undone."""

    what: What
    journey: str
    label: str = ""
    seconds: float | None = None


def turns_of(before: Saga | None, after: Saga) -> tuple[Turn, ...]:
    """What is so of it now, and was not before."""
    return (
        *_of_its_life(before, after),
        *_of_undoing(before, after),
    )


def _of_its_life(before: Saga | None, after: Saga) -> list[Turn]:
    turns, status = list[Turn](), after["status"]
    if after["initiated_at"] is not None and (before is None or before["initiated_at"] is None):
        turns.append(Turn("began", after["journey"]))
    if status in ENDED and (before is None or before["status"] != status):
        later = status == "COMPENSATED" and _was_complete(after)
        seconds = None if later else _seconds(after["duration_ms"])
        turns.append(Turn("ended", after["journey"], status, seconds))
    return turns


def _of_undoing(before: Saga | None, after: Saga) -> list[Turn]:
    turns, asked = list[Turn](), after["compensation"]
    earlier = before["compensation"] if before else None
    if asked is not None and earlier is None:
        by = "service" if asked["requested_by"].startswith("/services/") else "person"
        turns.append(Turn("undo_requested", after["journey"], by))
    if asked is not None and asked["completed_at"] and not (earlier and earlier["completed_at"]):
        took = milliseconds(asked["requested_at"], asked["completed_at"])
        turns.append(Turn("undo_completed", after["journey"], seconds=_seconds(took)))
    if after["half_undone"] and not (before and before["half_undone"]):
        turns.append(Turn("undo_failed", after["journey"]))
    return turns


def _was_complete(saga: Saga) -> bool:
    """Then it may have been so for years: how long the undoing took tells more."""
    return bool(saga["steps"]) and saga["steps"][-1]["completed_at"] is not None


def _seconds(number: int | None) -> float | None:
    return None if number is None else number / 1000
