"""The ports under one play of the real code: they note, in order, what is written and said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.envelope import Context, Event, Message, Record
from services.runtime.arrivals import Arrival
from services.runtime.document import Document, Position
from services.runtime.ports import Missed, Sent, WriteResult, Written


@dataclass(frozen=True, slots=True)
class Moment:
    """How things stand between two of the port's acts: here a worker may die."""

    document: Document | None
    said: int
    acknowledged: bool


class Play:
    """Log, store and counts of one play. Nobody else writes at the same time: what is written
    under another hand misses its guard, and is decided anew, which is another play."""

    def __init__(self, document: Document | None) -> None:
        self.document = document
        self.said: list[Message] = []
        self.calls: list[Document] = []
        self.cells: list[str] = []
        self.moments: list[Moment] = []
        self._acknowledged = False

    @property
    def saga(self) -> str:
        assert self.document is not None
        return self.document.context.saga_id

    def acknowledge(self) -> None:
        """The log need not deliver it again."""
        self._acknowledged = True
        self._note()

    async def publish(self, messages: Sequence[Message]) -> Sequence[Position]:
        for message in messages:
            self.said.append(message)
            self._note()
        return [Position(message.topic, 0, 0) for message in messages]

    async def read(self, _saga_ids: Sequence[str]) -> Mapping[str, Document]:
        return {self.saga: self.document} if self.document else {}

    async def write(self, documents: Sequence[Document], _sent: Sent) -> Sequence[WriteResult]:
        results: list[WriteResult] = []
        for one in documents:
            if one.revision != (self.document.revision if self.document else 0):
                results.append(Missed())
                continue
            self.document = replace(one, revision=one.revision + 1)
            results.append(Written())
            self._note()
        return results

    async def clear_watches(self, _answered: Sequence[Context]) -> None:
        if self.document and self.document.is_watching:
            self.document = replace(self.document, watch_at=None)
            self._note()

    async def due(self, _now: datetime, _limit: int) -> Sequence[Document]:
        return []

    async def put_off(self, _saga_ids: Sequence[str], _until: datetime) -> None: ...

    def cell(self, cell: str, _arrival: Event | Arrival, _after: Document | None = None) -> None:
        self.cells.append(cell)

    def dead_letter(self, error_class: str, _record: Record) -> None:
        self.cells.append(error_class)

    def is_silent(self, _document: Document, _now: datetime, /) -> bool:
        """The port `Watch`: watches are fired by the search."""
        return False

    def _note(self) -> None:
        self.moments.append(Moment(self.document, len(self.said), self._acknowledged))
