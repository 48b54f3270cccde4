"""Spans on their way to a collector: the last ones are sent too, and one that is away waits alone."""

import asyncio
from datetime import timedelta

from aiohttp import web
from opentelemetry.trace import use_span
from pymongo.monitoring import CommandFailedEvent, CommandStartedEvent

from services.runtime.tracing.mongo import MongoSpans
from services.runtime.tracing.otlp import tracing_to
from tests.integration.collector import collecting

LONGER_THAN_IT_MAY_TAKE_SECONDS = 30.0
MORE_THAN_MAY_WAIT = 5_000


async def test_what_was_not_sent_yet_is_sent_at_the_end():
    async with collecting() as collector:
        tracing = tracing_to(collector.url, "contract", "host:1:a")
        tracing.tracer.start_span("the last").end()
        await tracing.stop()
    (span,) = collector.spans
    assert (span.service, span.name) == ("contract", "the last")


async def test_a_process_says_who_it_is_and_the_environment_may_add_to_it(monkeypatch):
    monkeypatch.setenv("OTEL_SERVICE_NAME", "all-the-same")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    async with collecting() as collector:
        tracing = tracing_to(collector.url, "contract", "host:1:a")
        tracing.tracer.start_span("x").end()
        await tracing.stop()
    (span,) = collector.spans
    assert span.service == "contract"
    assert b"deployment.environment.name" in collector.raw[0]
    assert b"host:1:a" in collector.raw[0]


async def test_a_collector_that_hangs_holds_up_neither_work_nor_the_end():
    hangs = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await hangs.wait()
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", hang)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    tracing = tracing_to(f"http://{host}:{port}", "contract", "host:1:a")
    async with asyncio.timeout(LONGER_THAN_IT_MAY_TAKE_SECONDS):
        for _ in range(MORE_THAN_MAY_WAIT):
            tracing.tracer.start_span("x").end()
        await tracing.stop()
    hangs.set()
    await runner.cleanup()


async def test_of_a_failed_command_nothing_is_told_but_that_it_failed():
    async with collecting() as collector:
        tracing = tracing_to(collector.url, "gateway", "host:1:a")
        spans = MongoSpans(tracing.tracer)
        command = {"insert": "starts", "documents": [{"_id": "secret"}]}
        with use_span(tracing.tracer.start_span("a request"), end_on_exit=True):
            spans.started(CommandStartedEvent(command, "db", 1, ("host", 1), 1))
            spans.started(CommandStartedEvent({"hello": 1}, "db", 2, ("host", 1), 2))
        spans.failed(
            CommandFailedEvent(
                timedelta(0), {"errmsg": "secret"}, "insert", 1, ("host", 1), 1, None, "db"
            )
        )
        spans.started(CommandStartedEvent(command, "db", 3, ("host", 1), 3))  # of no request
        await tracing.stop()
    assert [one.name for one in collector.spans] == ["a request", "insert starts"]
    assert b"secret" not in b"".join(collector.raw)
