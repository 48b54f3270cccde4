"""Sends spans to a collector by OTLP over HTTP, off the event loop, in bounded batches.

What else OpenTelemetry can be told is told by its own environment: OTEL_TRACES_SAMPLER,
OTEL_EXPORTER_OTLP_HEADERS, OTEL_RESOURCE_ATTRIBUTES, OTEL_BSP_*.
"""

import asyncio
import threading
from contextlib import suppress
from importlib.metadata import version

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from services.runtime.tracing.contexts import TraceIds
from services.runtime.tracing.spans import Tracing

NAMESPACE = "onboarding"
STOP_SECONDS = 3.0


def tracing_to(endpoint: str, name: str, instance: str) -> Tracing:
    """Tracing to a collector at `endpoint` (http://collector:4318). One that is away costs spans,
    and nobody waits for it: the queue is bounded, and sending is tried for some seconds."""
    ours = version("hexabuilders-onboarding")
    resource = Resource.create(
        {
            "service.name": name,
            "service.namespace": NAMESPACE,
            "service.version": ours,
            "service.instance.id": instance,
        }
    )
    provider = TracerProvider(resource=resource, id_generator=TraceIds(), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Tracing(name, provider.get_tracer(NAMESPACE, ours), lambda: _stop(provider))


async def _stop(provider: TracerProvider) -> None:
    """In a thread that nobody waits for at the end: a collector may hang."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def shut_down() -> None:
        provider.shutdown()
        with suppress(RuntimeError):  # too late: the loop has ended
            loop.call_soon_threadsafe(done.set)

    threading.Thread(target=shut_down, name="last-spans", daemon=True).start()
    with suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), STOP_SECONDS)
