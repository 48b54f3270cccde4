"""Step documents as the tests of the store are given them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from runtime_given import T0

from contracts.envelope import Context, Message
from services.runtime.document import Document, Position, Trigger
from services.runtime.ports import Store


def document(
    saga: str = "saga-1", tenant: str = "default", said: int = 1, **changes: Any
) -> Document:
    position = Position("t", 3, 2**40)
    trigger = Trigger("e-1", "/producers/crm", "ContractCreated", "d", position, T0)
    outbox = tuple(
        Message(f"{saga}-{n}", "t", b"p-1", b"{}", (("ce_id", b"1"),)) for n in range(said)
    )
    context = Context(saga, tenant, "p-1", "corr-1", "partner-onboarding", 1)
    made = Document(context, "done", T0, trigger, result={}, outbox=outbox, said=said)
    return replace(made, **changes)


def watching(saga: str = "saga-1", seconds: float = 35, **changes: Any) -> Document:
    """Done, its outbox marked as sent, and it watches."""
    return document(saga, **{"sent": 1, "watch_at": after(seconds), **changes})


def after(seconds: float):
    return T0 + timedelta(seconds=seconds)


async def stored(store: Store, saga: str = "saga-1") -> Document:
    return (await store.read([saga]))[saga]


async def due(store: Store, seconds: float, limit: int = 10) -> list[str]:
    """The sagas that are due so long after the tests began."""
    return [one.context.saga_id for one in await store.due(after(seconds), limit)]


def marks(saga: str, count: int = 1) -> Mapping[str, int]:
    return {saga: count}
