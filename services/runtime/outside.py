"""Outside systems: what a step asks of one, and how its answer comes back to the saga."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

from services.runtime.arrivals import Answered
from services.runtime.delivery import Delivery, settle
from services.runtime.document import Document
from services.runtime.step import Rejected

Reply = Literal["yes", "later", "bug"] | Rejected


class Outside(Protocol):
    """An outside system. The first answer to a key is final; an undo of an unknown key leaves a
    tombstone, so that a do which comes late is refused (`later`: the deadline decides)."""

    async def do(self, saga_id: str, body: Mapping[str, Any], /) -> Reply:
        """Bring it about, once for a saga. Raises what nobody expected."""
        ...

    async def undo(self, saga_id: str, /) -> Reply:
        """Take it back, or make sure that it will never be. Raises what nobody expected."""
        ...


async def call(delivery: Delivery, outside: Outside, document: Document) -> None:
    """Make the call that a document holds the lease for; its answer arrives like an event."""
    saga_id = document.context.saga_id
    answered = await _ask(outside, document)
    await settle(delivery, {saga_id: [answered]}, {saga_id: document})


async def _ask(outside: Outside, document: Document) -> Answered:
    saga_id, lease = document.context.saga_id, document.lease or ""
    try:
        if document.state == "undoing":
            return Answered(lease, await outside.undo(saga_id))
        return Answered(lease, await outside.do(saga_id, document.result or {}))
    except Exception as error:  # a bug of ours, or an answer that nobody expected
        return Answered(lease, "bug", _place(error))


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"
