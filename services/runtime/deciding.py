"""Everything that arrived at one saga, folded through the table into one write."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from contracts.envelope import Event, Message
from contracts.poison import PoisonError
from services.runtime.arrivals import Arrival
from services.runtime.dead_letters import Poisoned
from services.runtime.document import Document
from services.runtime.part import Part
from services.runtime.ports import Unknown, WriteResult
from services.runtime.protocol import meet


@dataclass(slots=True)
class Settled:
    """One saga after what arrived."""

    document: Document | None = None
    changed: bool = False
    say: tuple[Message, ...] = ()
    call: bool = False
    poisoned: list[Poisoned] = field(default_factory=list)
    cells: list[tuple[str, Event | Arrival, Document | None]] = field(default_factory=list)
    unsure: bool = False

    def recorded(self, result: WriteResult) -> None:
        """The document as the write left it, if it did."""
        assert self.document is not None
        self.document = replace(self.document, revision=self.document.revision + 1)
        self.unsure = isinstance(result, Unknown)

    def is_found_in(self, stored: Document | None) -> bool:
        """Whether a write that nobody acknowledged was done; its times may have moved since."""
        if not self.unsure or stored is None or self.document is None:
            return False
        if _decision(stored) != _decision(self.document):
            return False
        self.document = stored
        return True


def decide(
    part: Part, document: Document | None, arrivals: Sequence[Event | Arrival], taken: str | None
) -> Settled:
    """What arrived at a saga, one after the other, folded into one write."""
    settled = Settled(document)
    for arrival in arrivals:
        try:
            answer = meet(settled.document, arrival, part, taken)
        except PoisonError as error:
            assert isinstance(arrival, Event)
            settled.poisoned.append(Poisoned(arrival.record, error))
            continue
        after = answer.document if answer.document is not settled.document else None
        settled.changed |= after is not None
        settled.say += answer.say
        settled.call |= answer.call
        settled.document = answer.document
        settled.cells.append((answer.cell, arrival, after))
    if settled.document is not None:  # what was decided may have been taken back in the same write
        settled.say = tuple(one for one in settled.document.outbox if one in settled.say)
    return settled


def _decision(one: Document) -> tuple[object, ...]:
    """What tells one decision from another that is made of the same saga."""
    return one.state, one.decided_at, one.lease, one.attempts, one.said, one.outbox, one.undo_wanted
