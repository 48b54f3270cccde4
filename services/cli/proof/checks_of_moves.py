"""What must hold of every move of a step, by what it had before and has after it.

The letters are those of docs/protocol.md. The reason for an undo is told from the messages
themselves, not from the table: a mistake in the table must not excuse itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.events import CompensationCompleted, CompensationRequested
from services.cli.proof.actors import Actor
from services.cli.proof.happenings import Happening
from services.cli.proof.messages import Messages
from services.runtime.document import Document

BEFORE_UNDO = frozenset({"done", "pending", "parked"})
AFTER_UNDO = frozenset({"undoing", "undone", "undo_parked"})
NEVER_DONE_AGAIN = frozenset({"undone", "undoing", "blocked", "undo_parked", "rejected"})
SAYS_K = frozenset({"rejected", "undone", "blocked"})


@dataclass(frozen=True, slots=True)
class ChecksOfMoves:
    """The steps in the order of the journey."""

    messages: Messages
    actors: Sequence[Actor]

    def of(self, place: int, one: Happening) -> str | None:
        """What a move breaks, in words."""
        before, after = self._documents(place, one)
        if after is None:
            return "I1: its document is gone" if before else None
        was = before.state if before else "absent"
        if was in NEVER_DONE_AGAIN and after.state in ("done", "pending"):
            return f"I4: a do after an undo: {was} became {after.state}"
        if self._begins_to_undo(before, after) and not self._may_undo(place, one, before):
            return "I7: it undoes although nobody before it was asked to"
        if one.what.startswith("old answer"):
            return "W5: the answer of a call that is over counts"
        return self._silent(place, one, before, after)

    def undoes(self, place: int, one: Happening) -> bool:
        """Whether an undo begins, for which the steps after it must have had their turn."""
        before, after = self._documents(place, one)
        was = before.state if before else "absent"
        return after is not None and was in BEFORE_UNDO and after.state in AFTER_UNDO

    def asks(self, message: int, place: int) -> str | None:
        """Whether a message asks a step to undo: "in turn" (K or R of its successor; a person's
        R counts as one of the step after the last), "later" (R of itself or before), None."""
        event = self.messages.event(message)
        names = [actor.step.name for actor in self.actors]
        data = event.data if event else None
        if isinstance(data, CompensationCompleted):
            return "in turn" if names.index(data.step) == place + 1 else None
        if not isinstance(data, CompensationRequested):
            return None
        failed = len(names) if data.failed_step is None else names.index(data.failed_step)
        return "in turn" if failed == place + 1 else "later" if failed <= place else None

    def _begins_to_undo(self, before: Document | None, after: Document) -> bool:
        wanted = after.undo_wanted and not (before and before.undo_wanted)
        was = before.state if before else "absent"
        return wanted or (was in BEFORE_UNDO and after.state in AFTER_UNDO)

    def _may_undo(self, place: int, one: Happening, before: Document | None) -> bool:
        """It is asked to, now or while its call was out (V3); or its own time is over (X5)."""
        if one.what.startswith("deadline") or (before is not None and before.undo_wanted):
            return True
        return one.message is not None and self.asks(one.message, place) is not None

    def _silent(
        self, place: int, one: Happening, before: Document | None, after: Document
    ) -> str | None:
        """V7, V8: who has nothing (more) to undo says K when it is its turn; an undo ends in K."""
        own = [number for number in one.said if self._is_own_k(number, place)]
        if before and before.state in SAYS_K and self._is_its_turn(place, one) and not own:
            return f"V7: {before.state}, its turn has come, and it does not say K"
        outbox = self.actors[place].outbox(one.after.document)
        has_k = any(self._is_own_k(number, place) for number in outbox)
        if after.state == "undone" and not has_k:
            return "V8: it was undone, and does not say K"
        return None

    def _is_its_turn(self, place: int, one: Happening) -> bool:
        """Whether it hears, without dying of it, that it is its turn to undo."""
        whole = one.what.startswith("hears") and "dies" not in one.what
        return whole and one.message is not None and self.asks(one.message, place) == "in turn"

    def _is_own_k(self, message: int, place: int) -> bool:
        event = self.messages.event(message)
        data = event.data if event else None
        name = self.actors[place].step.name
        return isinstance(data, CompensationCompleted) and data.step == name

    def _documents(self, place: int, one: Happening) -> tuple[Document | None, Document | None]:
        documents = self.actors[place].documents
        return documents[one.before.document], documents[one.after.document]
