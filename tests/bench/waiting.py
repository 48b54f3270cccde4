"""What sagas that wait cost the others: a burst without them and one beside them, on one stack.

They wait in the step documents, whose outside system answered 500 when it was asked first: the
next attempt and the deadline lie beyond the run.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from motor.motor_asyncio import AsyncIOMotorClient

from deploy.local.stack import Options, Stack, running
from services.runtime.settings import load_settings
from services.runtime.topics import create_topics
from tests.bench.pipeline import ENDS, Broker, Load, figure
from tests.deploy.sandbox import Sandbox

WARM_UP, BURST, PATIENCE_SECONDS = 300, 2_000, 600
BEYOND_THE_RUN = {
    "ONBOARDING_STEP_TIMEOUT_SECONDS": "86400",
    "ONBOARDING_RETRY_BASE_SECONDS": "14400",  # half of it is chance
    "ONBOARDING_RETRY_CAP_SECONDS": "14400",
}
RATIO = 0.9


async def measure(broker: Broker, waiting: int) -> list[dict[str, Any]]:
    """Both rates and their ratio."""
    async with stack_with_platform(broker, BEYOND_THE_RUN) as stack, load_on(stack, broker) as load:
        await _burst(load, WARM_UP)
        without = await _burst(load, BURST)
        await _make_wait(load, stack, waiting)
        beside = await _burst(load, BURST)
    about = f"burst of {BURST} with outside systems"
    return [
        figure(f"{about} ({broker})", without, "sagas/s"),
        figure(f"{about}, {waiting} others wait ({broker})", beside, "sagas/s"),
        figure(f"the second of these to the first ({broker})", beside / without, "", RATIO),
    ]


async def _burst(load: Load, count: int) -> float:
    """Completed sagas a second, from the first start to the last event."""
    before, began = len(load.ended_at), time.perf_counter()
    for _ in range(count):
        await load.send()
    await load.until_ended(before + count, PATIENCE_SECONDS)
    rate = (len(load.ended_at) - before) / (time.perf_counter() - began)
    await load.until_projected(before + count, PATIENCE_SECONDS)
    return rate


async def _make_wait(load: Load, stack: Stack, count: int) -> None:
    platform = Sandbox(stack.platform or "", Path())
    await platform.tell("error", step="documents")
    for _ in range(count):
        await load.send()
    steps = load.sagas.database.client.onboarding_documents.steps
    between_tries = {"state": "pending", "lease": {"$exists": False}}
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while await steps.count_documents(between_tries) < count:
        assert time.perf_counter() < deadline, "they do not come to wait"
        await asyncio.sleep(0.5)
    await platform.heal()


@asynccontextmanager
async def stack_with_platform(broker: Broker, env: dict[str, str]) -> AsyncIterator[Stack]:
    """A stack of its own, the sandbox platform included."""
    folder = Path(tempfile.mkdtemp(prefix="onboarding-bench-"))

    async def prepare(kafka: str, mongo: str) -> None:
        await create_topics(load_settings(kafka=kafka, mongo=mongo, replication=1))

    options = Options(folder, broker=broker, platform=True, env=env)
    try:
        async with running(options, prepare, lambda *_: None) as stack:
            yield stack
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def load_on(stack: Stack, broker: Broker) -> AsyncIterator[Load]:
    """The bench's own producer and consumer, listening."""
    fetch_max_wait_ms = 20 if broker == "embedded" else 500
    mongo: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(stack.mongo)
    async with (
        AIOKafkaProducer(bootstrap_servers=stack.kafka) as producer,
        AIOKafkaConsumer(
            ENDS,
            bootstrap_servers=stack.kafka,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=fetch_max_wait_ms,
        ) as consumer,
    ):
        load = Load(producer, consumer, mongo.saga_state.sagas, {}, {})
        listening = asyncio.create_task(load.listen())
        try:
            yield load
        finally:
            listening.cancel()
