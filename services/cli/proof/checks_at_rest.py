"""What must hold where nothing more happens by itself, and of the steps after one that undoes.

Every saga has its end, and nothing that was undone is in force; undos begin in reverse order.
Effects are counted where they are: in the outside system, and for a step without one in what it
said and took back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from saga_state.state import fold
from services.cli.proof.facts import Facts, facts_in
from services.cli.proof.places import Move
from services.cli.proof.small_world import SmallWorld
from services.cli.proof.states import CREATED, REMOVED

ENDS = frozenset({"COMPLETED", "FAILED", "COMPENSATED"})
BUSY = frozenset({"pending", "undoing", "parked"})
NOT_UNDONE = frozenset({"pending", "done", "parked", "undoing", "undo_parked"})
ABSENT = "absent"


@dataclass
class ChecksAtRest:
    """The checks of one small world; what was said is judged once for each set of messages."""

    world: SmallWorld
    _facts: dict[int, Facts] = field(default_factory=dict)
    _status: dict[int, str] = field(default_factory=dict)

    def of(self, state: int) -> str | None:
        """What is wrong with a state in which nothing more happens."""
        return next(self._all_of(state), None)

    def status(self, published: int) -> str:
        """What the projection says of these messages; "I5: ..." if it depends on their order."""
        if published not in self._status:
            events = [event for _, event in self.world.messages.events(published)]
            told, other = self._fold(events), self._fold(events[::-1])
            self._status[published] = (
                told["status"] if told == other else "I5: the order of events changes the document"
            )
        return self._status[published]

    def out_of_order(self, move: Move, after: int) -> str | None:
        """I7: an undo begins although a later step is not undone; only a request that names this
        later step or one before it allows that."""
        facts = self._facts_of(after)
        first_asked = min(facts.requested, default=len(self.world.places))
        for place in range(move.place + 1, len(self.world.places)):
            if self._state_of(after, place) in NOT_UNDONE and first_asked > place:
                return f"I7: its undo begins before that of {self._name(place)}"
        return None

    def _all_of(self, state: int) -> Iterator[str]:
        silent, facts = self.world.left(state).silent - 1, self._facts_of(state)
        status = self.status(self.world.published(state))
        in_force = [p.number for p in self.world.places if self._is_in_force(state, p.number)]
        if status.startswith("I5"):
            yield status
        yield from self._left_to_do(state, silent, facts)
        if "undo_parked" in self._states(state):
            yield from self._half_undone(state, status, in_force)
        elif silent >= 0:
            yield from self._with_a_dead_one(silent, facts, status, in_force)
        elif status not in ENDS:
            yield f"I1: it ends as {status}"
        else:
            yield from self._ended(status, in_force)

    def _left_to_do(self, state: int, silent: int, facts: Facts) -> Iterator[str]:
        """I8: whoever lives has done all there is to do, and watches nobody who has answered."""
        for place in self.world.places:
            local, name = place.has(state), self._name(place.number)
            one = place.actor.documents[local.document]
            if place.number == silent or one is None:
                continue
            if one.state in BUSY or local.call or local.unsent:
                yield f"I8: {name} is {one.state}, and nothing will happen"
            if one.is_watching and place.number + 1 in facts.done:
                yield f"I8: {name} still watches a step that has answered"

    def _half_undone(self, state: int, status: str, in_force: list[int]) -> Iterator[str]:
        """W1: an undo is parked: the saga says so, and what comes after it is undone."""
        if status != "COMPENSATING":
            yield f"W1: undo_parked, and {status}"
        last = max(p for p, told in enumerate(self._states(state)) if told == "undo_parked")
        if late := [p for p in in_force if p > last]:
            yield f"I2: the undo of {self._name(last)} is parked, and in force: {self._names(late)}"

    def _with_a_dead_one(
        self, silent: int, facts: Facts, status: str, in_force: list[int]
    ) -> Iterator[str]:
        """W6: it holds the start if it is the first; an undo that must pass through it; an effect
        that it announced. What it did not announce is in force until it is back."""
        name, announced = self._name(silent), silent in facts.done | facts.timed_out
        must_undo = announced or silent == 0 or silent in facts.undo_parked
        if status == "COMPENSATING" and must_undo:
            if late := [p for p in in_force if p > silent]:
                yield f"I2: {name} is dead, and in force after it: {self._names(late)}"
        elif status == "INITIATED" and silent == 0:
            return
        elif status not in ENDS:
            yield f"I1: {name} is dead, and it ends as {status}"
        elif status != "COMPLETED" and announced and silent in in_force:
            yield f"I2: {status}, and what {name} announced before it died is in force"
        else:
            yield from self._ended(status, [p for p in in_force if p != silent], silent)

    def _ended(self, status: str, in_force: list[int], silent: int = -1) -> Iterator[str]:
        count = len(self.world.places) - (silent >= 0)
        if status == "COMPLETED" and len(in_force) != count:
            yield f"I2: COMPLETED, in force are only: {self._names(in_force)}"
        if status != "COMPLETED" and in_force:
            yield f"I2: {status}, and still in force: {self._names(in_force)}"

    def _is_in_force(self, state: int, place: int) -> bool:
        if self.world.places[place].actor.outside:
            kept = self.world.places[place].has(state).platform
            return bool(kept & CREATED) and not kept & REMOVED
        return self._state_of(state, place) in ("done", "parked", "pending")

    def _states(self, state: int) -> list[str]:
        return [self._state_of(state, place.number) for place in self.world.places]

    def _state_of(self, state: int, place: int) -> str:
        one = self.world.places[place]
        document = one.actor.documents[one.has(state).document]
        return document.state if document else ABSENT

    def _facts_of(self, state: int) -> Facts:
        published = self.world.published(state)
        if published not in self._facts:
            events = (event for _, event in self.world.messages.events(published))
            self._facts[published] = facts_in(events, self.world.journey)
        return self._facts[published]

    def _fold(self, events: list[Any]) -> Any:
        journeys = self.world.places[0].actor.journeys
        return fold(None, events, lambda _: None, journeys)

    def _name(self, place: int) -> str:
        return self.world.journey.step_names[place]

    def _names(self, places: list[int]) -> str:
        return ", ".join(map(self._name, places)) or "none"
