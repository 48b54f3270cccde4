"""The two ports in memory. They pass the same test suite as Kafka and MongoDB."""

import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from contracts.envelope import Message, Record
from services.runtime.document import Document, Position
from services.runtime.ports import Missed, Sent, Taken, WriteResult, Written


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
        self._unsent_since: dict[str, datetime] = {}

    async def read(self, saga_ids: Sequence[str]) -> Mapping[str, Document]:
        """The documents that exist, by saga id."""
        return {saga: self.documents[saga] for saga in saga_ids if saga in self.documents}

    async def write(self, documents: Sequence[Document], sent: Sent) -> Sequence[WriteResult]:
        """Each document if its stored revision is the one it came from; then the marks."""
        results = [self._write(document) for document in documents]
        for saga_id, said in sent.items():
            if saga_id in self.documents and self.documents[saga_id].said == said:
                self._unsent_since.pop(saga_id, None)
        return results

    async def unsent(self, older_than_seconds: float, limit: int) -> Sequence[Document]:
        """Documents whose outbox was not marked as sent for that long."""
        due = self._now() - timedelta(seconds=older_than_seconds)
        found = sorted((since, saga) for saga, since in self._unsent_since.items() if since <= due)
        return [self.documents[saga] for _, saga in found[:limit]]

    def _write(self, document: Document) -> WriteResult:
        saga_id = document.context.saga_id
        stored = self.documents.get(saga_id)
        if stored and stored.context.tenant_id != document.context.tenant_id:
            return Missed()
        if (stored.revision if stored else 0) != document.revision:
            return Missed()
        taken = self._taken(document)
        if taken is not None:
            return Taken(taken)
        self.documents[saga_id] = replace(document, revision=document.revision + 1)
        self._unsent_since[saga_id] = self._now()
        return Written()

    def _taken(self, document: Document) -> str | None:
        own = document.context
        for other in self.documents.values():
            if other.context.saga_id == own.saga_id or other.context.tenant_id != own.tenant_id:
                continue
            for key, value in document.holds.items():
                if other.holds.get(key) == value:
                    return key
        return None
