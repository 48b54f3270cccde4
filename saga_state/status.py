"""The rule of precedence: where a saga stands (docs/protocol.md, "Status of a saga")."""

from datetime import datetime

from saga_state.document import Status
from saga_state.said import TIMEOUT, Said

ENDED = frozenset({"COMPLETED", "FAILED", "COMPENSATED"})


def status_of(said: Said) -> Status:
    """The status, whatever was said in whatever order."""
    if said.half_undone:  # W1
        return "COMPENSATING"
    if failed := _failed_at_first(said):
        return failed
    if _is_to_be_undone(said):
        return "COMPENSATED" if _all_undone(said) else "COMPENSATING"
    if said.names and said.names[-1] in said.progress:
        return "COMPLETED"
    furthest = [step.status for step in said.journey.steps if step.name in said.progress]
    return furthest[-1] if furthest else "INITIATED"


def current_step_of(said: Said, status: Status) -> str | None:
    """The step that must act: the next to do, or the last that has still to undo."""
    if status in ENDED or not said.names:
        return None
    if status == "COMPENSATING":
        return _next_to_undo(said)
    reached = max((said.names.index(name) for name in said.progress), default=-1)
    return said.names[reached + 1]


def ended_at_of(said: Said, status: Status) -> datetime | None:
    """When the status became what it is, if it is an end."""
    match status:
        case "COMPLETED":
            return said.progress[said.names[-1]]["time"]
        case "COMPENSATED":
            return max(said.undone[name]["time"] for name in _must_be_undone(said))
        case "FAILED":
            return _failed_at(said)
    return None


def is_late_undo(said: Said) -> bool:
    """V8: whether something ran whose undo came, or must come, after the first step's."""
    first = said.undone.get(said.names[0]) if said.names else None
    if first is None:
        return False
    undone = [said.undone.get(name) for name in said.names[1:] if said.ran(name)]
    return any(fact is None or fact["time"] > first["time"] for fact in undone)


def _failed_at_first(said: Said) -> Status | None:
    """Point 1, with W2: a first step that ran out of time may have acted until it says K."""
    first = said.names[0] if said.names else None
    codes = [fact["code"] for fact in said.failures if fact["step"] == first]
    if not codes or first in said.progress:
        return None
    if first in said.undone or any(code != TIMEOUT for code in codes):
        return "FAILED"
    return "COMPENSATING"


def _failed_at(said: Said) -> datetime:
    """The time of the "no"; of a timeout, that of the undo which settles it."""
    own = [fact for fact in said.failures if fact["step"] == said.names[0]]
    no = [fact["time"] for fact in own if fact["code"] != TIMEOUT]
    return no[0] if no else said.undone[said.names[0]]["time"]


def _is_to_be_undone(said: Said) -> bool:
    later = set(said.names[1:])
    return bool(said.requests or said.undone) or any(
        fact["step"] in later for fact in said.failures
    )


def _all_undone(said: Said) -> bool:
    """Point 2, with W3: the first step said K, and so did all that may have had an effect."""
    return bool(said.names) and all(name in said.undone for name in _must_be_undone(said))


def _must_be_undone(said: Said) -> list[str]:
    return [name for name in said.names if name == said.names[0] or said.ran(name)]


def _next_to_undo(said: Said) -> str | None:
    """Undoing goes in reverse: the last step that has to say K and did not."""
    names = said.names
    reach = max(_reaches(said), default=0)
    due = [name for index, name in enumerate(names) if index < reach or said.ran(name)]
    left = [name for name in {names[0]: None, **dict.fromkeys(due)} if name not in said.undone]
    return left[-1] if left else None


def _reaches(said: Said) -> list[int]:
    """How many steps, from the first, each failure, request or undo calls upon to say K."""
    names = said.names
    named = [*said.failures, *said.requests]
    told = [len(names) if fact["step"] is None else names.index(fact["step"]) for fact in named]
    return told + [names.index(name) for name in said.undone]
