"""The ports of delivery, traced: each does what the one beneath it does, within spans."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import httpx
from opentelemetry import trace

from contracts.envelope import Context, Event, Message, Record
from services.runtime.arrivals import Arrival
from services.runtime.calls import Make
from services.runtime.delivery import Delivery
from services.runtime.document import Document, Position
from services.runtime.outside import Later, Outside, Reply, call
from services.runtime.outside_http import HttpOutside
from services.runtime.ports import Counts, Log, Sent, Store, WriteResult
from services.runtime.step import Rejected
from services.runtime.tracing.contexts import traceparent_of
from services.runtime.tracing.spans import TRACEPARENT, Tracing, ended, stands_at

WRITE = "bulkWrite steps"


def traced_delivery(delivery: Delivery, tracing: Tracing) -> Delivery:
    """The same delivery; all it hears, writes and says has spans."""
    return replace(
        delivery,
        log=TracedLog(delivery.log, tracing),
        store=TracedStore(delivery.store, tracing),
        counts=TracedCounts(delivery.counts, tracing),
        traced=tracing.hears,
    )


def traced_calls(delivery: Delivery, outside: HttpOutside, tracing: Tracing) -> Make:
    """The same calls; each has a span, and its request names it."""
    outside.client.event_hooks = {"request": [tell_the_other_side]}
    return tracing.calling(partial(call, delivery, TracedOutside(outside, tracing)))


async def tell_the_other_side(request: httpx.Request) -> None:
    """Send the trace context along, so that the other side can go on with it."""
    if traceparent := traceparent_of(trace.get_current_span()):
        request.headers[TRACEPARENT] = traceparent


@dataclass(frozen=True, slots=True)
class TracedLog:
    """The port `Log`."""

    log: Log
    tracing: Tracing

    async def publish(self, messages: Sequence[Message]) -> Sequence[Position]:
        """See Log."""
        pairs = [self.tracing.sends(one) for one in messages]
        spans = [span for _, span in pairs]
        with ended(*spans):
            positions = await self.log.publish([message for message, _ in pairs])
            for span, position in zip(spans, positions, strict=True):
                stands_at(span, position)
        return positions


@dataclass(frozen=True, slots=True)
class TracedStore:
    """The port `Store`."""

    store: Store
    tracing: Tracing

    async def read(self, saga_ids: Sequence[str]) -> Mapping[str, Document]:
        """See Store."""
        with self.tracing.asks_mongo("find steps", dict.fromkeys(saga_ids)):
            return await self.store.read(saga_ids)

    async def write(self, documents: Sequence[Document], sent: Sent) -> Sequence[WriteResult]:
        """See Store."""
        for one in documents:
            self.tracing.belongs(one)
        sagas = {one.context.saga_id: one.traceparent for one in documents}
        with self.tracing.asks_mongo(WRITE, sagas):
            return await self.store.write(documents, sent)

    async def clear_watches(self, answered: Sequence[Context]) -> None:
        """See Store."""
        with self.tracing.asks_mongo(WRITE, {one.saga_id: None for one in answered}):
            await self.store.clear_watches(answered)

    async def due(self, now: datetime, limit: int) -> Sequence[Document]:
        """See Store. Of no saga yet."""
        return await self.store.due(now, limit)

    async def put_off(self, saga_ids: Sequence[str], until: datetime) -> None:
        """See Store. Nothing happens to a saga."""
        await self.store.put_off(saga_ids, until)


@dataclass(frozen=True, slots=True)
class TracedCounts:
    """The port `Counts`."""

    counts: Counts
    tracing: Tracing

    def cell(self, cell: str, arrival: Event | Arrival, after: Document | None = None) -> None:
        """See Counts."""
        if isinstance(arrival, Event):
            self.tracing.met(arrival, cell)
        self.counts.cell(cell, arrival, after)

    def dead_letter(self, error_class: str, record: Record) -> None:
        """See Counts."""
        self.counts.dead_letter(error_class, record)


@dataclass(frozen=True, slots=True)
class TracedOutside:
    """The port `Outside`."""

    outside: Outside
    tracing: Tracing

    async def do(self, saga_id: str, body: Mapping[str, Any], /) -> Reply:
        """See Outside."""
        with self.tracing.asks_outside(saga_id, "PUT") as span:
            reply = await self.outside.do(saga_id, body)
            span.set_attribute("onboarding.answer", _told(reply))
            return reply

    async def undo(self, saga_id: str, /) -> Reply:
        """See Outside."""
        with self.tracing.asks_outside(saga_id, "DELETE") as span:
            reply = await self.outside.undo(saga_id)
            span.set_attribute("onboarding.answer", _told(reply))
            return reply


def _told(reply: Reply) -> str:
    """As the metrics count it."""
    if isinstance(reply, Rejected):
        return "no"
    return "later" if isinstance(reply, Later) else reply
