"""The steps of a saga as its document lists them: state, times, result."""

from datetime import datetime, timedelta

from saga_state.document import Fact, ParkedState, StepState, StepStatus
from saga_state.facts import whole_ms
from saga_state.said import TIMEOUT, Said

_MILLISECOND = timedelta(milliseconds=1)


def steps_of(said: Said) -> list[StepState]:
    """Every step of the journey, in order."""
    return [_step(said, index) for index in range(len(said.names))]


def milliseconds(start: datetime | None, end: datetime | None) -> int | None:
    """The time between; 0 where clocks disagree on what came first."""
    if start is None or end is None:
        return None
    return max((end - start) // _MILLISECOND, 0)


def _step(said: Said, index: int) -> StepState:
    name = said.names[index]
    done, undone = said.progress.get(name), said.undone.get(name)
    failed = next((fact for fact in said.failures if fact["step"] == name), None)
    answer = done or (failed if failed and failed["by_itself"] else None)
    asked = _asked(said, index)
    return {
        "step": name,
        "state": _state(said, index, failed),
        "attempts": _attempts(said, name, answer),
        "due_at": _due_at(asked),
        "result": done.get("result") if done else None,
        "completed_at": done["time"] if done else None,
        "undone_at": undone["time"] if undone else None,
        "duration_ms": milliseconds(asked["time"], done["time"]) if asked and done else None,
        "event_id": answer["event_id"] if answer else None,
        "parked": said.parked.get(name),
    }


def _attempts(said: Said, name: str, answer: Fact | None) -> int:
    if name not in said.parked:  # as hardly any step is
        return 1 if answer else 0
    told = [one for one in said.all if one.get("parked") == "parked" and one["step"] == name]
    return sum(one["attempts"] for one in told) + (1 if answer else 0)


def _asked(said: Said, index: int) -> Fact | None:
    """The event that the step hears: its time and deadline count from there."""
    if index:
        return said.progress.get(said.names[index - 1])
    return said.start


def _state(said: Said, index: int, failed: Fact | None) -> StepStatus:
    name = said.names[index]
    if name in said.undone:
        return _outcome(said.undone[name])
    if name in said.undo_parked:
        return "undo_parked" if _waits(said, name, "undo_parked") else "undoing"
    if name in said.progress:
        return "undoing" if _is_its_turn(said, index) else "done"
    if failed is not None:
        return "timed_out" if failed["code"] == TIMEOUT else "rejected"
    if _waits(said, name, "parked"):  # its undo does not wait for a person (V4)
        return "undoing" if _is_its_turn(said, index) else "parked"
    return "waiting"


def _waits(said: Said, name: str, state: ParkedState) -> bool:
    """Whether it was last set aside so, and nobody asked anything of it since."""
    last = said.parked.get(name)
    return last is not None and last["state"] == state and last["asked"] is None


def _outcome(fact: Fact) -> StepStatus:
    match fact["outcome"]:
        case "nothing_to_undo":
            return "nothing_to_undo"
        case "resolved_by_operator":
            return "resolved_by_operator"
    return "undone"


def _is_its_turn(said: Said, index: int) -> bool:
    """Its successor is undone, or a request names its successor, itself or a step before it."""
    names = said.names
    if not (said.requests or said.undone):
        return False
    if index + 1 < len(names) and names[index + 1] in said.undone:
        return True
    steps = [fact["step"] for fact in said.requests]
    return any((len(names) if step is None else names.index(step)) <= index + 1 for step in steps)


def _due_at(asked: Fact | None) -> datetime | None:
    seconds = asked.get("answer_within_seconds") if asked else None
    if asked is None or seconds is None:
        return None
    try:
        return whole_ms(asked["time"] + timedelta(milliseconds=int(seconds * 1000)))
    except (OverflowError, ValueError):  # a forged number: no date
        return None
