"""How near we come to raw: a burst until all is projected, and what a saga takes at a low rate."""

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

from deploy.local.stack import Stack
from tests.bench.comparing import RAW, WITHOUT_PROJECTOR, alone, make_topics, raw_children
from tests.bench.load import OURS, Load, load_on, looking, stack_of
from tests.bench.reporting import figure

BURST_SECONDS, REST_SECONDS = 600, 60
WARM_UP = 500  # the broker is slow until it has compiled its own code
BURST_GOAL, P50_GOAL, P99_GOAL, SHOWN_GOAL = 0.6, 1.5, 2.0, 3.0


async def measure(rounds: int, burst: int, rate: int, seconds: int) -> list[dict[str, Any]]:
    """Ratios of medians over `rounds`, on Apache Kafka; each round is told on standard error."""
    bursts: dict[str, list[float]] = {"ours": [], "raw": []}
    steady: dict[str, list[tuple[float, ...]]] = {"ours": [], "raw": []}
    async with stack_of("apache") as stack:
        await make_topics(stack.kafka)
        await stack.supervisor.launch(raw_children(stack))
        for one in (OURS, RAW):
            await asyncio.gather(*map(stack.supervisor.stop, one.processes))
        for number in range(rounds):
            for one in (OURS, RAW) if number % 2 == 0 else (RAW, OURS):
                async with alone(stack, one), load_on(stack, one) as load:
                    await _burst(load, WARM_UP)
                    steady[one.name].append(await _steady(load, rate, seconds))
                    bursts[one.name].append(await _burst(load, burst))
                told = f"{bursts[one.name][-1]:.0f} sagas/s"
                print(f"round {number + 1} of {rounds}, {one.name}: {told}", file=sys.stderr)
        bare = [await _without_projector(stack, burst) for _ in range(rounds)]
    return [*_of_bursts(bursts, bare, burst), *_of_steady(steady, rate)]


async def _steady(load: Load, rate: int, seconds: int) -> tuple[float, ...]:
    """p50 and p99 to the last event, p99 until it is seen in the projection; ms."""
    load.forget()
    async with looking(load):
        await load.send_at(rate, seconds)
        await load.until_ended(rate * seconds, REST_SECONDS)
        await load.until_shown(rate * seconds, REST_SECONDS)
    ended = statistics.quantiles(load.milliseconds(load.ended), n=100)
    shown = statistics.quantiles(load.milliseconds(load.shown), n=100)
    return ended[49], ended[98], shown[98]


async def _burst(load: Load, burst: int) -> float:
    """Sagas per second until the projection has all of them."""
    before, start = await load.projected(), time.perf_counter()
    await load.send(burst)
    await load.until_projected(before + burst, BURST_SECONDS)
    return burst / (time.perf_counter() - start)


async def _without_projector(stack: Stack, burst: int) -> float:
    """Sagas per second until raw has said its last word; last of all, as nobody projects them."""
    async with alone(stack, WITHOUT_PROJECTOR), load_on(stack, WITHOUT_PROJECTOR) as load:
        for count in (WARM_UP, burst):
            load.forget()
            start = time.perf_counter()
            await load.send(count)
            await load.until_ended(count, BURST_SECONDS)
    return burst / (time.perf_counter() - start)


def _of_bursts(
    bursts: dict[str, list[float]], bare: Sequence[float], burst: int
) -> list[dict[str, Any]]:
    ours, limit = statistics.median(bursts["ours"]), statistics.median(bursts["raw"])
    label = f"burst of {burst} until projected"
    return [
        figure(f"{label}, ours ({_spread(bursts['ours'])})", ours, "sagas/s"),
        figure(f"{label}, raw ({_spread(bursts['raw'])})", limit, "sagas/s"),
        figure(f"{label}, ours to raw", ours / limit, "", BURST_GOAL),
        figure(f"raw without its projector ({_spread(bare)})", statistics.median(bare), "sagas/s"),
        figure("ours, projected, to raw without its projector", ours / statistics.median(bare), ""),
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
