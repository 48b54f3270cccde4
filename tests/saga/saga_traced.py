"""Whole sagas in the in-memory world with traces on: every span of every service, in one list."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Tracer
from saga_played import OUTER, Clock

from services.runtime.delivery import deliver
from services.runtime.memory import MemoryOutside
from services.runtime.outside import call
from services.runtime.tracing.contexts import TraceIds
from services.runtime.tracing.ports import TracedOutside, traced_delivery
from services.runtime.tracing.spans import Tracing
from services.runtime.world import Worker, World
from services.steps import all_steps

PRODUCER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TRACE, NOT_SAMPLED = "4bf92f3577b34da6a3ce929d0e0e4736", f"{PRODUCER[:-1]}0"


class TracedWorld:
    """A world whose steps all have spans; `outside` also their calls."""

    def __init__(self, outside: bool = False) -> None:
        self.clock, self._kept = Clock(), InMemorySpanExporter()
        systems = {step: MemoryOutside() for step in OUTER} if outside else {}
        self.world = World(all_steps(), self.clock, outside=systems)
        self.tracing = {
            name: Tracing(name, self._tracer(), _nothing) for name in self.world.workers
        }
        for name, worker in self.world.workers.items():
            worker.delivery = traced_delivery(worker.delivery, self.tracing[name])

    def _tracer(self) -> Tracer:
        provider = TracerProvider(id_generator=TraceIds(), shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        return provider.get_tracer("test")

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        return self._kept.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        return [one for one in self.spans if one.name == name]

    def traces(self) -> set[str]:
        return {trace_of(one) for one in self.spans}

    def up_from(self, span: ReadableSpan) -> list[ReadableSpan]:
        """A span, and those above it."""
        known, way = {id_of(one): one for one in self.spans}, [span]
        while above := known.get(parent_of(way[-1]) or ""):
            way.append(above)
        return way

    async def run(self) -> None:
        """Deliver and call until nothing is left to do, each batch as a process has it."""
        while any([await self._turn(name, one) for name, one in self.world.workers.items()]):
            pass

    async def _turn(self, name: str, worker: Worker) -> bool:
        tracing, moved = self.tracing[name], False
        on_batch = tracing.around(partial(deliver, worker.delivery))
        for topic in worker.topics:
            for partition, records in enumerate(self.world.log.topics[topic]):
                first = worker.positions.get((topic, partition), 0)
                worker.positions[topic, partition] = len(records)
                if batch := records[first:]:
                    await on_batch(batch)
                    moved = True
        while worker.calls and worker.outside:
            traced = TracedOutside(worker.outside, tracing)
            await tracing.calling(partial(call, worker.delivery, traced))(worker.calls.pop(0))
            moved = True
        return moved


def trace_of(span: ReadableSpan) -> str:
    return f"{span.context.trace_id:032x}"


def id_of(span: ReadableSpan) -> str:
    return f"{span.context.span_id:016x}"


def parent_of(span: ReadableSpan) -> str | None:
    return f"{span.parent.span_id:016x}" if span.parent else None


def all_words(spans: Sequence[ReadableSpan]) -> str:
    """Everything that is told of them, as one text."""
    told: list[Any] = [
        (one.name, dict(one.attributes or {}), one.events, one.status.description) for one in spans
    ]
    return repr(told)


async def _nothing() -> None:
    """Nothing is to be stopped."""
