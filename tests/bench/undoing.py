"""How long the undo of a saga of five steps takes, beside its doing, while nothing else goes on."""

import statistics
import time
from typing import Any

from aiokafka import AIOKafkaConsumer

from contracts.journey import PARTNER_ONBOARDING_1
from contracts.topics import event_topic
from tests.bench.load import OURS, Broker, Load, fetch_max_wait_ms, load_on, stack_of
from tests.bench.reporting import figure
from tests.chaos.mayhem import request_to_undo
from tests.integration.outside import Seen

SAGAS, WARM_UP = 20, 3
REQUESTS, UNDONE = event_topic("CompensationRequested"), event_topic("CompensationCompleted")
FIRST = PARTNER_ONBOARDING_1.first.name
INNER = {f"ONBOARDING_{step.name.upper()}_URL": "" for step in PARTNER_ONBOARDING_1.steps[2:]}


async def measure(broker: Broker) -> list[dict[str, Any]]:
    """Medians and their ratio, with and without outside systems."""
    return [
        *await _of(broker, "outside systems", {}),
        *await _of(broker, "no outside system", INNER),
    ]


async def _of(broker: Broker, which: str, env: dict[str, str]) -> list[dict[str, Any]]:
    async with (
        stack_of(broker, env, platform=True) as stack,
        load_on(stack) as load,
        AIOKafkaConsumer(
            OURS.ends,
            UNDONE,
            bootstrap_servers=stack.kafka,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=fetch_max_wait_ms(stack),
        ) as consumer,
    ):
        took = [await _one(load, consumer) for _ in range(WARM_UP + SAGAS)][WARM_UP:]
    done, undone = (statistics.median(some) * 1000 for some in zip(*took, strict=True))
    return [
        figure(f"doing a saga at rest, {which} ({broker})", done, "ms"),
        figure(f"undoing it, {which} ({broker})", undone, "ms"),
        figure(f"undoing to doing, {which} ({broker})", undone / done, "", 1.0, at_most=True),
    ]


async def _one(load: Load, consumer: AIOKafkaConsumer) -> tuple[float, float]:
    """Seconds to its last event, and from the request to the last word of its undo."""
    began = time.perf_counter()
    await load.send()
    completed = await _next(consumer, OURS.ends)
    done = time.perf_counter() - began
    await load.until_projected(1, 60)  # those before it are COMPENSATED
    asked = request_to_undo(completed)
    began = time.perf_counter()
    await load.producer.send(REQUESTS, asked.value, asked.key, headers=list(asked.headers))
    await _last_word(consumer, completed.header("ce_sagaid"))
    return done, time.perf_counter() - began


async def _last_word(consumer: AIOKafkaConsumer, saga: str) -> None:
    """Words of other sagas may come again."""
    while True:
        one = await _next(consumer, UNDONE)
        if (one.header("ce_sagaid"), one.body["step"]) == (saga, FIRST):
            return


async def _next(consumer: AIOKafkaConsumer, topic: str) -> Seen:
    async for one in consumer:
        if one.topic == topic:
            return Seen(one.topic, one.partition, one.offset, one.key, one.value, one.headers)
    raise AssertionError("the consumer ended")
