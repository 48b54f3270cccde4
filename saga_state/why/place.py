"""Where a saga waits: the step that must act, the event it must answer, and how far it has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contracts.journey import JOURNEYS, Journeys
from contracts.step_document import StepDocument
from contracts.topics import dead_letter_topic, event_topic
from saga_state.document import Fact, Saga, StepState
from saga_state.merging import first_side
from saga_state.parked import ASKED
from saga_state.said import Said, said_in

Stage = Literal["not heard", "at it", "set aside", "answered"]


@dataclass(frozen=True, slots=True)
class Trigger:
    """The record that the step must answer."""

    event: str
    topic: str
    partition: int
    offset: int
    at: datetime
    tenant_id: str = "default"

    @property
    def place(self) -> tuple[str, int]:
        return self.topic, self.partition

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


def is_undoing(saga: Saga) -> bool:
    """Whether its current step must undo, not do."""
    return saga["status"] == "COMPENSATING"


def state_of(saga: Saga, step: str) -> StepState | None:
    """The step as the projection has it."""
    return next((one for one in saga["steps"] if one["step"] == step), None)


def trigger_of(
    saga: Saga, step: str, prefix: str = "", journeys: Journeys = JOURNEYS
) -> Trigger | None:
    """What that step must answer now; None: nothing that the projection knows of.

    Of a step that was set aside it is what a person asked then.
    """
    said = said_in(first_side(saga["sides"])[1], journeys)
    if step not in said.names:
        return None
    fact = _wish(saga, step, said)
    if fact is not None:
        return _trigger(fact, dead_letter_topic(step, prefix), saga["tenant_id"])
    fact = _undo(step, said) if is_undoing(saga) else _do(step, said)
    if fact is None:
        return None
    return _trigger(fact, event_topic(fact["type"], prefix), saga["tenant_id"])


def stage_of(document: StepDocument | None, undoing: bool, asked: bool = False) -> Stage:
    """How far the step has come by its own document. `asked`: a person has answered its parking,
    so that one that is still parked has not heard of it."""
    state = document["state"] if document else None
    if state == ("undo_parked" if undoing else "parked"):
        return "not heard" if asked else "set aside"
    if state == "undo_parked":
        return "set aside"
    if not undoing:
        return "at it" if state == "pending" else "answered" if state else "not heard"
    wanted = bool(document and document.get("undo_wanted"))
    if state == "undoing" or (state == "pending" and wanted):
        return "at it"
    return "answered" if state in ("undone", "blocked") else "not heard"


def _trigger(fact: Fact, topic: str, tenant_id: str) -> Trigger:
    where = fact["partition"], fact["offset"]
    return Trigger(fact["type"], topic, *where, fact["time"], tenant_id)


def _wish(saga: Saga, step: str, said: Said) -> Fact | None:
    state = state_of(saga, step)
    parked = state["parked"] if state else None
    if parked is None or parked["asked"] is None:
        return None
    if (parked["state"] == "undo_parked") != is_undoing(saga):
        return None
    wishes = (one for one in said.all if one["type"] in ASKED and one["step"] == step)
    return next((one for one in wishes if one["time"] == parked["asked_at"]), None)


def _do(step: str, said: Said) -> Fact | None:
    index = said.names.index(step)
    return said.progress.get(said.names[index - 1]) if index else said.start


def _undo(step: str, said: Said) -> Fact | None:
    """The first that makes it this step's turn; else the first request at all."""
    after = said.names.index(step) + 1
    last = after == len(said.names)
    turn = None if last else said.names[after]
    found = [] if turn is None else [one for one in (said.undone.get(turn),) if one]
    found += [one for one in said.requests if one["step"] == turn]
    return _first(found) or _first(said.requests)


def _first(facts: Sequence[Fact]) -> Fact | None:
    return min(facts, key=lambda one: one["time"], default=None)
