"""How near we come to raw: a burst until all is projected, and what a saga takes at a low rate."""

import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.local.stack import Options, running
from services.runtime.settings import load_settings
from services.runtime.topics import create_topics
from tests.bench.comparing import (
    OURS,
    RAW,
    Load,
    alone,
    load_of,
    make_topics,
    quantile,
    raw_children,
)
from tests.bench.pipeline import figure

BURST_SECONDS, REST_SECONDS = 600, 60
WARM_UP = 500  # the broker is slow until it has compiled its own code
BURST_GOAL, P50_GOAL, P99_GOAL, SHOWN_GOAL = 0.6, 1.5, 2.0, 3.0


async def measure(rounds: int, burst: int, rate: int, seconds: int) -> list[dict[str, Any]]:
    """Ratios of medians over `rounds`, on Apache Kafka."""
    folder = Path(tempfile.mkdtemp(prefix="onboarding-bench-"))

    async def prepare(kafka: str, mongo: str) -> None:
        await create_topics(load_settings(kafka=kafka, mongo=mongo, replication=1))
        await make_topics(kafka)

    try:
        async with running(Options(folder, broker="apache"), prepare, lambda *_: None) as stack:
            await stack.supervisor.launch(raw_children(stack))
            for pipeline in (OURS, RAW):
                await asyncio.gather(*map(stack.supervisor.stop, pipeline.processes))
            bursts: dict[str, list[float]] = {"ours": [], "raw": []}
            steady: dict[str, list[tuple[float, ...]]] = {"ours": [], "raw": []}
            for number in range(rounds):
                for one in (OURS, RAW) if number % 2 == 0 else (RAW, OURS):
                    async with alone(stack, one), load_of(stack, one) as load:
                        await _warm_up(load)
                        steady[one.name].append(await _steady(load, rate, seconds))
                        bursts[one.name].append(await _burst(load, burst))
        return [*_of_bursts(bursts, burst), *_of_steady(steady, rate)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _warm_up(load: Load) -> None:
    before = await load.sagas.count_documents(load.pipeline.completed)
    for _ in range(WARM_UP):
        await load.send()
    await load.until_ended(REST_SECONDS)
    await load.until_shown(before + WARM_UP, REST_SECONDS)


async def _steady(load: Load, rate: int, seconds: int) -> tuple[float, ...]:
    """p50 and p99 to the last event, p99 until it is seen in the projection; ms."""
    load.took.forget()
    start = time.perf_counter()
    for number in range(rate * seconds):
        await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
        await load.send()
    await load.until_ended(REST_SECONDS)
    await load.until_seen(REST_SECONDS)
    ended = load.took.milliseconds(load.took.ended)
    shown = load.took.milliseconds(load.took.shown)
    return quantile(ended, 50), quantile(ended, 99), quantile(shown, 99)


async def _burst(load: Load, burst: int) -> float:
    """Sagas per second until the projection has all of them."""
    load.took.forget()
    load.watches_each = False
    before = await load.sagas.count_documents(load.pipeline.completed)
    start = time.perf_counter()
    for _ in range(burst):
        await load.send()
    await load.until_shown(before + burst, BURST_SECONDS)
    return burst / (time.perf_counter() - start)


def _of_bursts(bursts: dict[str, list[float]], burst: int) -> list[dict[str, Any]]:
    ours, limit = statistics.median(bursts["ours"]), statistics.median(bursts["raw"])
    label = f"burst of {burst} until projected"
    return [
        figure(f"{label}, ours ({_spread(bursts['ours'])})", ours, "sagas/s"),
        figure(f"{label}, raw ({_spread(bursts['raw'])})", limit, "sagas/s"),
        figure(f"{label}, ours to raw", ours / limit, "", BURST_GOAL),
    ]


def _of_steady(steady: dict[str, list[tuple[float, ...]]], rate: int) -> list[dict[str, Any]]:
    names = ("p50 to the last event", "p99 to the last event", "p99 until projected")
    figures = []
    for place, (name, goal) in enumerate(zip(names, (P50_GOAL, P99_GOAL, SHOWN_GOAL), strict=True)):
        ours, limit = ([one[place] for one in steady[who]] for who in ("ours", "raw"))
        label = f"{rate} sagas/s, {name}"
        ratio = statistics.median(ours) / statistics.median(limit)
        figures += [
            figure(f"{label}, ours ({_spread(ours)})", statistics.median(ours), "ms"),
            figure(f"{label}, raw ({_spread(limit)})", statistics.median(limit), "ms"),
            figure(f"{label}, ours to raw", ratio, "", goal, at_most=True),
        ]
    return figures


def _spread(values: Sequence[float]) -> str:
    return f"{min(values):.0f}-{max(values):.0f}"
