"""Step documents as the tests of the store are given them."""

from dataclasses import replace
from typing import Any

from runtime_given import T0

from contracts.envelope import Context, Message
from services.runtime.document import Document, Position, Trigger
from services.runtime.ports import Store


def document(
    saga: str = "saga-1", tenant: str = "default", said: int = 1, **changes: Any
) -> Document:
    trigger = Trigger("e-1", "/producers/crm", "ContractCreated", "d", Position("t", 3, 2**40), T0)
    outbox = tuple(
        Message(f"{saga}-{n}", "t", b"p-1", b"{}", (("ce_id", b"1"),)) for n in range(said)
    )
    context = Context(saga, tenant, "p-1", "corr-1", "partner-onboarding", 1)
    return replace(
        Document(context, "done", trigger, T0, result={}, outbox=outbox, said=said), **changes
    )


async def stored(store: Store, saga: str = "saga-1") -> Document:
    return (await store.read([saga]))[saga]


async def unsent(store: Store, age: float = 0, limit: int = 10) -> list[str]:
    return [one.context.saga_id for one in await store.unsent(age, limit)]


def marks(saga: str, count: int = 1) -> dict[str, int]:
    return {saga: count}
