"""Ports that count their calls, and break at one of them: before, halfway through, or after it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from contracts.envelope import Context, Message
from services.runtime.document import Document, Position
from services.runtime.ports import Log, Sent, Store, WriteResult

How = Literal["before", "halfway", "after"]


class CrashError(Exception):
    """The process died here."""


@dataclass
class Wires:
    """The calls of both ports in their order; the call of number `break_at` (from 0) breaks."""

    break_at: int | None = None
    how: How = "before"
    calls: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    async def through(
        self, name: str, items: Sequence[Any], call: Callable[[Any], Awaitable[Any]]
    ) -> Any:
        number = len(self.calls)
        self.calls.append(name)
        self.sizes.append(len(items))
        if number != self.break_at:
            return await call(items)
        if self.how != "before":
            await call(items if self.how == "after" else items[: (len(items) + 1) // 2])
        raise CrashError(f"{self.how} {name}")


@dataclass
class WiredLog:
    wires: Wires
    inner: Log

    async def publish(self, messages: Sequence[Message]) -> Sequence[Position]:
        return await self.wires.through("publish", messages, self.inner.publish)


@dataclass
class WiredStore:
    """`marks` are those that came with each write; `before_write` runs once, before the first."""

    wires: Wires
    inner: Store
    marks: list[Sent] = field(default_factory=list)
    before_write: Callable[[], Awaitable[None]] | None = None

    async def read(self, saga_ids: Sequence[str]) -> Mapping[str, Document]:
        return await self.wires.through("read", saga_ids, self.inner.read)

    async def write(self, documents: Sequence[Document], sent: Sent) -> Sequence[WriteResult]:
        if self.before_write:
            first, self.before_write = self.before_write, None
            await first()
        self.marks.append(sent)
        return await self.wires.through(
            "write", documents, lambda some: self.inner.write(some, sent)
        )

    async def clear_watches(self, answered: Sequence[Context]) -> None:
        await self.wires.through("clear_watches", answered, self.inner.clear_watches)

    async def due(self, now: datetime, limit: int) -> Sequence[Document]:
        return await self.wires.through("due", [limit], lambda _: self.inner.due(now, limit))

    async def put_off(self, saga_ids: Sequence[str], until: datetime) -> None:
        await self.wires.through("put_off", saga_ids, lambda some: self.inner.put_off(some, until))
