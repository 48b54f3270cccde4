"""What must hold: of every move, and of every state in which nothing more happens by itself.

The letters are those of docs/protocol.md. Effects are counted where they are: in the outside
system, and for a step without one in what it said and took back.
"""

from dataclasses import dataclass, field

from saga_state.state import fold
from services.cli.proof.small_world import SmallWorld
from services.cli.proof.states import CREATED, REMOVED, Move, State
from services.runtime.document import Document

ENDS = frozenset({"COMPLETED", "FAILED", "COMPENSATED"})
BEFORE_UNDO = frozenset({"done", "pending", "parked"})
AFTER_UNDO = frozenset({"undoing", "undone", "undo_parked"})
NEVER_DONE_AGAIN = frozenset({"undone", "undoing", "blocked", "undo_parked", "rejected"})


@dataclass
class Checks:
    """The checks of one small world."""

    world: SmallWorld
    _status: dict[int, str] = field(default_factory=dict)
    _reasons: dict[tuple[int, int], bool] = field(default_factory=dict)

    def of_move(self, state: State, move: Move) -> str | None:
        """What a move breaks, in words."""
        if move.step < 0:
            return None
        before, after = self._document(state, move.step), self._document(move.after, move.step)
        if after is None:
            return "its document is gone" if before else None
        was = before.state if before else "absent"
        if was in NEVER_DONE_AGAIN and after.state in ("done", "pending"):
            return f"I4: a do after an undo: {was} became {after.state}"
        if was in BEFORE_UNDO and after.state in AFTER_UNDO and not self._may_undo(move, before):
            return "I7: it undoes although nobody before it was asked to"
        kept = state.platforms[move.step]
        if kept & REMOVED and not kept & CREATED:
            return "I4: an undo effect before its do"
        return self._two_bodies(move.after)

    def at_rest(self, state: State) -> str | None:
        """What is wrong with a state in which nothing more happens."""
        status = self.status(state.published)
        in_force = [
            name
            for place, name in enumerate(self.world.journey.step_names)
            if self._is_in_force(state, place)
        ]
        if any(one is not None and one.state == "undo_parked" for one in self._documents(state)):
            return None if status == "COMPENSATING" else f"W1: undo_parked, and {status}"
        if status not in ENDS:
            return f"I1: it ends as {status}"
        if status == "COMPLETED" and len(in_force) != len(self.world.journey.step_names):
            return f"I2: COMPLETED, in force are only {in_force}"
        if status != "COMPLETED" and in_force:
            return f"I2: {status}, and still in force: {', '.join(in_force)}"
        return None

    def status(self, published: int) -> str:
        """What the projection says of these messages."""
        if published not in self._status:
            reader, messages = self.world.actors[0].reader, self.world.messages
            numbers = [one for one in range(len(messages.all)) if published >> one & 1]
            events = [reader.read(messages.record(one)) for one in numbers]
            journeys = self.world.actors[0].journeys
            self._status[published] = fold(None, events, lambda _: None, journeys)["status"]
        return self._status[published]

    def _is_in_force(self, state: State, place: int) -> bool:
        if self.world.actors[place].outside:
            return bool(state.platforms[place] & CREATED) and not state.platforms[place] & REMOVED
        one = self._document(state, place)
        return one is not None and one.state in ("done", "parked", "pending")

    def _may_undo(self, move: Move, before: Document | None) -> bool:
        """It was asked: by its successor's end, by a request at or before that, or by its own
        deadline (X5); or it was asked before, while its call was out (V3)."""
        if move.what.startswith("deadline") or (before is not None and before.undo_wanted):
            return True
        published, place = move.after.published, move.step
        return any(
            self._asks(number, place)
            for number in range(len(self.world.messages.all))
            if published >> number & 1
        )

    def _asks(self, number: int, place: int) -> bool:
        key = (number, place)
        if key not in self._reasons:
            row = self.world.actors[place].row_of(number)
            self._reasons[key] = row in ("undo, my turn", "undo, at or after")
        return self._reasons[key]

    def _two_bodies(self, state: State) -> str | None:
        if state.published & self.world.messages.twins:
            ids: dict[str, int] = {}
            for number, message in enumerate(self.world.messages.all):
                if (
                    state.published >> number & 1
                    and ids.setdefault(message.event_id, number) != number
                ):
                    return f"I3: one id with two bodies, {message.topic}"
        return None

    def _documents(self, state: State) -> list[Document | None]:
        return [self._document(state, place) for place in range(len(self.world.actors))]

    def _document(self, state: State, place: int) -> Document | None:
        return self.world.actors[place].documents[state.documents[place]]
