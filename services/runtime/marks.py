"""Marks of what was sent. They ride on a later write, and most of them never have to be written:
that the next step has answered says the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.runtime.document import Document

RIPE_SECONDS = 5.0


@dataclass(slots=True)
class Marks:
    """Per saga how much it had said when all of it was acknowledged, and when that was."""

    waiting: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def add(self, documents: Iterable[Document], now: datetime) -> None:
        """All of their outboxes was acknowledged."""
        self.waiting |= {one.context.saga_id: (one.said, now) for one in documents}

    def drop(self, saga_ids: Iterable[str]) -> None:
        """No mark is needed any more."""
        for saga_id in saga_ids:
            self.waiting.pop(saga_id, None)

    def ripe(self, now: datetime, after_seconds: float = RIPE_SECONDS) -> dict[str, int]:
        """Takes those that have waited long enough for the answer of the next step."""
        latest = now - timedelta(seconds=after_seconds)
        ripe = {saga: said for saga, (said, at) in self.waiting.items() if at <= latest}
        self.drop(ripe)
        return ripe
