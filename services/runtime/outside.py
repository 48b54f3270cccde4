"""Outside systems: what a step asks of one, and how its answer comes back to the saga."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from services.runtime import metrics
from services.runtime.arrivals import Answered
from services.runtime.delivery import Delivery, settle
from services.runtime.document import Document
from services.runtime.step import Rejected


@dataclass(frozen=True, slots=True)
class Later:
    """Nobody knows whether it happened: it is asked again. One is as good as another; `where` is
    told to a person if the time is over: a status or a kind of error, nothing of what was answered.
    """

    where: str = field(default="", compare=False)


Reply = Literal["yes", "bug"] | Later | Rejected


class OddAnswerError(Exception):
    """The outside system answered something that its contract does not have.

    The text goes to logs and dead letters: it has nothing of what was answered but its status.
    """


class Outside(Protocol):
    """An outside system. The first answer to a key is final; an undo of an unknown key leaves a
    tombstone, so that a do which comes late is refused (`Later`: the deadline decides)."""

    async def do(self, saga_id: str, body: Mapping[str, Any], /) -> Reply:
        """Bring it about, once for a saga. Raises what nobody expected."""
        ...

    async def undo(self, saga_id: str, /) -> Reply:
        """Take it back, or make sure that it will never be. Raises what nobody expected."""
        ...


async def call(delivery: Delivery, outside: Outside, document: Document) -> None:
    """Make the call that a document holds the lease for; its answer arrives like an event."""
    name, what = delivery.part.name, "undo" if document.state == "undoing" else "do"
    if document.attempts > 1:
        metrics.RETRIES.labels(name, what).inc()
    began = time.monotonic()
    answered = await _ask(outside, document)
    metrics.CALL_SECONDS.labels(name, what).observe(time.monotonic() - began)
    told = "no" if isinstance(answered.answer, Rejected) else answered.answer
    metrics.CALLS.labels(name, what, told).inc()
    saga_id = document.context.saga_id
    await settle(delivery, {saga_id: [answered]}, {saga_id: document})


async def give_back(delivery: Delivery, documents: Sequence[Document]) -> None:
    """Nobody will call for them, or hear the answer: whoever sweeps next tries again."""
    later = {one.context.saga_id: [Answered(one.lease or "", "later")] for one in documents}
    await settle(delivery, later, {one.context.saga_id: one for one in documents})


def body_of(document: Document) -> dict[str, Any]:
    """What a do is sent with: the step's result, and whose it is."""
    context = document.context
    return {
        **(document.result or {}),
        "partner_id": context.partner_id,
        "tenant_id": context.tenant_id,
        "correlation_id": context.correlation_id,
    }


async def _ask(outside: Outside, document: Document) -> Answered:
    saga_id, lease = document.context.saga_id, document.lease or ""
    try:
        if document.state == "undoing":
            reply = await outside.undo(saga_id)
        else:
            reply = await outside.do(saga_id, body_of(document))
    except OddAnswerError as error:
        return Answered(lease, "bug", str(error))
    except Exception as error:  # a bug of ours
        return Answered(lease, "bug", _place(error))
    if isinstance(reply, Later):
        return Answered(lease, "later", reply.where)
    return Answered(lease, reply)


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"
