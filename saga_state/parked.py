"""Steps that were set aside, and what persons asked of them: told from the dead letter topics."""

from collections.abc import Iterable, Mapping, Sequence

from contracts.operator import RedriveRequested, ResolveRequested, StepParked
from saga_state.document import Asked, Fact, Parked

PARKED = StepParked.__name__
ASKED: Mapping[str, Asked] = {
    RedriveRequested.__name__: "redrive",
    ResolveRequested.__name__: "resolve",
}
ON_DEAD_LETTERS = frozenset({PARKED, *ASKED})


def last_parkings(own: Sequence[Fact], steps: Iterable[str]) -> dict[str, Parked]:
    """By step its last parking, if it ever was parked. Facts: the earliest first."""
    found = {}
    for step in steps:
        parkings = [one for one in own if one["type"] == PARKED and one["step"] == step]
        if parkings:
            found[step] = _with_answer(parkings[-1], _first_answer(parkings[-1], own))
    return found


def undo_parked(own: Iterable[Fact]) -> frozenset[str]:
    """The steps whose undo was ever set aside."""
    told = (one["step"] for one in own if one.get("parked") == "undo_parked")
    return frozenset(step for step in told if step is not None)


def _first_answer(parking: Fact, own: Sequence[Fact]) -> Fact | None:
    """What a person asked after it. An undo alone is resolved; a parked do is not in that row."""
    answers = [name for name, asked in ASKED.items() if _may_ask(asked, parking)]
    mine = (one for one in own if one["type"] in answers and one["step"] == parking["step"])
    return next((one for one in mine if _is_after(one, parking)), None)


def _may_ask(asked: Asked, parking: Fact) -> bool:
    return asked == "redrive" or parking["parked"] == "undo_parked"


def _is_after(wish: Fact, parking: Fact) -> bool:
    """By the log, where both stand in one partition of that step's topic: the clock of a person's
    machine may be wrong. Elsewhere by their times."""
    if wish["partition"] == parking["partition"]:
        return wish["offset"] > parking["offset"]
    return wish["time"] >= parking["time"]


def _with_answer(parking: Fact, wish: Fact | None) -> Parked:
    return {
        "state": parking["parked"],
        "where": parking["reason"],
        "attempts": parking["attempts"],
        "at": parking["time"],
        "asked": ASKED[wish["type"]] if wish else None,
        "asked_by": wish["requested_by"] if wish else None,
        "asked_reason": wish["reason"] if wish else None,
        "asked_at": wish["time"] if wish else None,
    }
