"""A platform whose calls last until a test answers them, and the claims that wait for it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from contracts.envelope import Context
from services.runtime.calls import Calls
from services.runtime.document import Document, State

T0 = datetime(2026, 3, 1, tzinfo=UTC)
CALL_SECONDS, LEASE_SECONDS = 10.0, 25.0


def claimed(
    saga: str, attempts: int = 1, state: State = "pending", lease: str = "1", at: datetime = T0
) -> Document:
    context = Context(saga, "default", "p-1", "c-1", "partner-onboarding", 1)
    ends = at + timedelta(seconds=LEASE_SECONDS)
    return Document(context, state, at, attempts=attempts, lease=lease, try_at=ends)


@dataclass
class Platform:
    """Calls last until they are answered; `now` is the time of the worker."""

    most: int = 4
    now: datetime = T0
    begun: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    given_back: list[tuple[str, str | None]] = field(default_factory=list)
    answers: dict[str, asyncio.Event] = field(default_factory=dict)
    bug: Exception | None = None
    stop_seconds: float = 1.0
    at_once: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self.calls = Calls(self.most, CALL_SECONDS, lambda: self.now, self.stop_seconds)

    def want(self, *documents: Document) -> None:
        for one in documents:
            self.calls.start(one)

    def answer(self, *sagas: str) -> None:
        for saga in sagas:
            self._answer_to(saga).set()

    async def make(self, document: Document) -> None:
        saga = document.context.saga_id
        self.begun.append(saga)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._answer_to(saga).wait()
        finally:
            self.at_once -= 1
        if self.bug:
            raise self.bug
        self.ended.append(saga)

    async def give_back(self, documents: Sequence[Document]) -> None:
        self.given_back += [(one.context.saga_id, one.lease) for one in documents]

    def _answer_to(self, saga: str) -> asyncio.Event:
        return self.answers.setdefault(saga, asyncio.Event())


@asynccontextmanager
async def at_work(platform: Platform) -> AsyncIterator[asyncio.Task[None]]:
    running = asyncio.create_task(platform.calls.run(platform.make, platform.give_back))
    try:
        yield running
    finally:
        await stopped(running)


async def stopped(running: asyncio.Task[None]) -> None:
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def soon(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not is_so():
            await asyncio.sleep(0)


async def settled() -> None:
    """Whoever can go on has gone on."""
    for _ in range(50):
        await asyncio.sleep(0)


def names(count: int, prefix: str = "s") -> list[str]:
    return [f"{prefix}-{number}" for number in range(count)]
