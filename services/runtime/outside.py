"""Outside systems: what a step asks of one, and what may come of it."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from services.runtime.arrivals import Answered
from services.runtime.delivery import Delivery, settle
from services.runtime.document import Document
from services.runtime.step import Rejected

Reply = Literal["yes", "later", "bug"] | Rejected


class Outside(Protocol):
    """An outside system. The first answer to a key is final; an undo of an unknown key leaves a
    tombstone, so that a do which comes late is refused (`later`: the deadline decides)."""

    async def do(self, key: str, body: Mapping[str, Any], /) -> Reply:
        """Bring it about, once for a key."""
        ...

    async def undo(self, key: str) -> Reply:
        """Take it back, or make sure that it will never be."""
        ...


async def call(delivery: Delivery, outside: Outside, document: Document) -> None:
    """Make the call that a document holds the lease for; its answer arrives like an event."""
    saga_id = document.context.saga_id
    key = f"{saga_id}:{delivery.part.name}"
    if document.state == "undoing":
        reply = await outside.undo(key)
    else:
        reply = await outside.do(key, document.result or {})
    answered = Answered(document.lease or "", reply)
    await settle(delivery, {saga_id: [answered]}, {saga_id: document})
