"""What was said in a saga, sorted out by step: the view that status and steps are told from.

A saga's journey is that of its PartnerOnboardingInitiated; until one is seen, that of its
earliest event.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from contracts.events import (
    CompensationCompleted,
    CompensationRequested,
    PartnerOnboardingFailed,
)
from contracts.journey import COMPLETED, Journey, Journeys
from saga_state.document import Fact, FactsByKind, Parked, Side
from saga_state.facts import START, record_order
from saga_state.merging import identity_in
from saga_state.parked import ASKED, last_parkings, undo_parked

TIMEOUT = "TIMEOUT"
FAILED = PartnerOnboardingFailed.__name__
REQUESTED = CompensationRequested.__name__
UNDONE = CompensationCompleted.__name__
BY_ANYBODY = frozenset({START, REQUESTED, *ASKED})


@dataclass(frozen=True, slots=True)
class Said:
    """P, C, F, R and K of docs/protocol.md. Lists have the earliest first.

    `progress` holds PartnerOnboardingCompleted for the last step if its own event is missing.
    Failures and requests that name no step of the journey are left out (V6); so is a person's
    request that names another journey, which no step answered. `parked` has the last parking of
    each step that ever was, `undo_parked` the steps whose undo ever was.
    """

    journey: Journey
    names: tuple[str, ...]
    all: Sequence[Fact]
    start: Fact | None
    progress: Mapping[str, Fact]
    failures: Sequence[Fact]
    requests: Sequence[Fact]
    undone: Mapping[str, Fact]
    parked: Mapping[str, Parked]
    undo_parked: Set[str]

    @property
    def half_undone(self) -> Set[str]:
        """The steps of which it was told undo_parked, and not yet K (W1)."""
        return self.undo_parked - self.undone.keys()

    def ran(self, step: str) -> bool:
        """Whether the step may have had an effect: it said so, or timed out by its own word, or
        could not undo it."""
        return (
            step in self.progress
            or step in self.undo_parked
            or any(
                fact["step"] == step and fact["code"] == TIMEOUT and fact["by_itself"]
                for fact in self.failures
            )
        )


def said_in(side: Side, journeys: Journeys) -> Said:
    """The view of one tenant's side (of at least one fact)."""
    own = _by_time(side["facts"])
    journey = _journey(side["origin"]["journey"], own, journeys)
    names = journey.step_names
    wanted = frozenset({*names, None})
    undone = _undone(own, wanted)
    return Said(
        journey=journey,
        names=names,
        all=own,
        start=next((fact for fact in own if fact["type"] == START), None),
        progress=_progress(journey, own),
        failures=[fact for fact in own if fact["type"] == FAILED and fact["step"] in wanted],
        requests=_requests(journey, own, undone),
        undone=undone,
        parked=last_parkings(own, names),
        undo_parked=undo_parked(own) & wanted,
    )


def _by_time(facts: FactsByKind) -> list[Fact]:
    """One fact per identity; an identity used twice counts as its earliest record."""
    chosen: dict[str, Fact] = {}
    for of_kind in facts.values():
        for key, fact in of_kind.items():
            identity = identity_in(key)
            other = chosen.get(identity)
            if other is None or record_order(fact) < record_order(other):
                chosen[identity] = fact
    ordered = sorted(chosen.items(), key=_time_then_identity)
    return [fact for _, fact in ordered]


def _time_then_identity(item: tuple[str, Fact]) -> tuple[datetime, str]:
    return item[1]["time"], item[0]


def _journey(name: str, own: Sequence[Fact], journeys: Journeys) -> Journey:
    """The journey in the version that its steps went by, else in the lowest that was said.

    A start or a request that names no version is read as the one that this process starts on: that
    of the first step may be higher or lower while it is changed, and is another in a replay.
    """
    told = [fact for fact in own if fact["journey"] == name]
    by_steps = [fact for fact in told if fact["type"] not in BY_ANYBODY]
    version = min((fact["journey_version"] for fact in by_steps or told), default=1)
    return journeys.get((name, version)) or Journey(name, version, ())


def _progress(journey: Journey, own: Sequence[Fact]) -> dict[str, Fact]:
    step_of = {step.says: step.name for step in journey.steps}
    progress: dict[str, Fact] = {}
    completed: Fact | None = None
    for fact in own:
        name = step_of.get(fact["type"])
        if name is not None:
            progress.setdefault(name, fact)
        elif fact["type"] == COMPLETED:
            completed = completed or fact
    if completed is not None and journey.steps:
        progress.setdefault(journey.last.name, completed)
    return progress


def _requests(journey: Journey, own: Sequence[Fact], undone: Mapping[str, Fact]) -> list[Fact]:
    """Steps that know the saga heed whoever asks; those that do not go by the journey it names."""
    requests = [fact for fact in own if fact["type"] == REQUESTED]
    return [
        fact
        for fact in requests
        if fact["step"] in journey.step_names
        or (fact["step"] is None and (undone or not _names_another(fact, journey)))
    ]


def _names_another(request: Fact, journey: Journey) -> bool:
    return request.get("names_journey", True) and request["journey"] != journey.name


def _undone(own: Sequence[Fact], wanted: Set[str | None]) -> dict[str, Fact]:
    undone: dict[str, Fact] = {}
    for fact in own:
        step = fact["step"] if fact["type"] == UNDONE else None
        if step is not None and step in wanted:
            undone.setdefault(step, fact)
    return undone
