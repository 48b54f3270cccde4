"""Log, store and an outside system in memory.

The first two pass the same test suite as Kafka and MongoDB.
"""

import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from contracts.envelope import Context, Message, Record
from services.runtime.document import Document, Position
from services.runtime.outside import Later, Reply
from services.runtime.ports import Missed, Sent, Taken, WriteResult, Written
from services.runtime.step import Rejected


class MemoryLog:
    """Topics of a fixed number of partitions; a record's partition follows from its key."""

    def __init__(self, now: Callable[[], datetime], partitions: int = 4) -> None:
        self._now = now
        self.partitions = partitions
        self.topics: dict[str, list[list[Record]]] = defaultdict(
            lambda: [[] for _ in range(partitions)]
        )

    async def publish(self, messages: Sequence[Message]) -> Sequence[Position]:
        """Append all; return where each stands."""
        return [self._append(message) for message in messages]

    def records(self, topic: str) -> list[Record]:
        """All records of a topic, partition by partition."""
        return [record for partition in self.topics[topic] for record in partition]

    def _append(self, message: Message) -> Position:
        partition = zlib.crc32(message.key or b"") % self.partitions
        records = self.topics[message.topic][partition]
        record = Record(
            topic=message.topic,
            partition=partition,
            offset=len(records),
            key=message.key,
            value=message.value,
            headers=tuple(message.headers),
            timestamp_ms=int(self._now().timestamp() * 1000),
        )
        records.append(record)
        return Position(message.topic, partition, record.offset)


class MemoryStore:
    """The step documents of one service."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.documents: dict[str, Document] = {}
        self._due_at: dict[str, datetime] = {}

    async def read(self, saga_ids: Sequence[str]) -> Mapping[str, Document]:
        """The documents that exist, by saga id."""
        return {saga: self.documents[saga] for saga in saga_ids if saga in self.documents}

    async def write(self, documents: Sequence[Document], sent: Sent) -> Sequence[WriteResult]:
        """Each document if its stored revision is the one it came from; then the marks."""
        results = [self._write(document) for document in documents]
        for saga_id, said in sent.items():
            one = self.documents.get(saga_id)
            if one and one.said == said:
                self._keep(replace(one, sent=said))
        return results

    async def clear_watches(self, answered: Sequence[Context]) -> None:
        """Of those that are done and watch."""
        for context in answered:
            one = self.documents.get(context.saga_id)
            if one and one.context.tenant_id == context.tenant_id and one.is_watching:
                self._keep(replace(one, watch_at=None, revision=one.revision + 1))
                self._due_at.pop(context.saga_id, None)

    async def due(self, now: datetime, limit: int) -> Sequence[Document]:
        """The longest due first."""
        found = sorted((at, saga) for saga, at in self._due_at.items() if at <= now)
        return [self.documents[saga] for _, saga in found[:limit]]

    async def put_off(self, saga_ids: Sequence[str], until: datetime) -> None:
        """Look at them again then, but for those that are due for another reason meanwhile."""
        now = self._now()
        for saga in self._due_at.keys() & set(saga_ids):
            one = self.documents[saga]
            if one.is_watching or self._due_at[saga] <= now:
                soon = min(until, now + timedelta(seconds=1))
                due_at = min(filter(None, (until, one.try_at, one.deadline_at)))
                self._due_at[saga] = max(due_at, soon)

    def _write(self, document: Document) -> WriteResult:
        saga_id = document.context.saga_id
        stored = self.documents.get(saga_id)
        foreign = stored and stored.context.tenant_id != document.context.tenant_id
        if foreign and stored and stored.is_answer:
            return Missed()
        if (stored.revision if stored else 0) != document.revision:
            return Missed()
        taken = self._taken(document)
        if taken is not None:
            return Taken(taken)
        self._keep(replace(document, revision=document.revision + 1))
        return Written()

    def _keep(self, document: Document) -> None:
        saga_id, at = document.context.saga_id, document.due_at(self._now())
        self.documents[saga_id] = document
        self._due_at.pop(saga_id, None)
        if at is not None:
            self._due_at[saga_id] = at

    def _taken(self, document: Document) -> str | None:
        own = document.context
        for other in self.documents.values():
            if other.context.saga_id == own.saga_id or other.context.tenant_id != own.tenant_id:
                continue
            for key, value in document.holds.items():
                if other.holds.get(key) == value:
                    return key
        return None


Told = Literal["yes", "bug", "later", "lost"] | Rejected


class MemoryOutside:
    """An outside system. `effects` is its log: what it did, in order, as (what, key).

    `replies` may tell it to answer otherwise: by key the answers of the next calls; "lost" is to
    do the work and lose the answer.
    """

    def __init__(self) -> None:
        self.effects: list[tuple[str, str]] = []
        self.replies: dict[str, list[Told]] = defaultdict(list)
        self._answers: dict[str, Reply] = {}
        self._gone: set[str] = set()

    async def do(self, key: str, _body: Mapping[str, Any], /) -> Reply:
        """Once for a key; the first answer is final; after an undo it is too late."""
        told = self.replies[key].pop(0) if self.replies[key] else "yes"
        if key in self._gone or told in ("later", "bug"):
            self.effects.append(("refused", key))
            return "bug" if told == "bug" else Later("refused")
        if key in self._answers:
            self.effects.append(("repeated", key))
        elif isinstance(told, Rejected):
            self.effects.append(("refused", key))
            self._answers[key] = told
        else:
            self.effects.append(("created", key))
            self._answers[key] = "yes"
        return Later("lost") if told == "lost" else self._answers[key]

    async def undo(self, key: str, /) -> Reply:
        """Leaves a tombstone, whether or not there was anything to remove."""
        told = self.replies[key].pop(0) if self.replies[key] else "yes"
        if told in ("later", "bug"):
            return "bug" if told == "bug" else Later("refused")
        if self._answers.pop(key, None) == "yes":
            self.effects.append(("removed", key))
        self._gone.add(key)
        return Later("lost") if told == "lost" else "yes"
