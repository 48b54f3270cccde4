"""A burst, a steady load, CPU and memory of the whole stack, on a broker."""

import asyncio
import statistics
import time
from collections.abc import Mapping
from typing import Any

import psutil

from deploy.local.stack import SERVERS, Stack
from tests.bench.load import Broker, Load, load_on, stack_of
from tests.bench.reporting import figure

GOALS = {"burst": 250.0, "memory": 120.0, "rest": 10.0}
WARM_UP, REST_SECONDS = 20, 10


def processes(stack: Stack) -> dict[str, psutil.Process]:
    """The stack's processes by name."""
    return {name: psutil.Process(stack.supervisor.pid(name)) for name in stack.supervisor.names()}


def cpu_seconds(found: Mapping[str, psutil.Process]) -> dict[str, float]:
    times = {name: process.cpu_times() for name, process in found.items()}
    return {name: cpu.user + cpu.system for name, cpu in times.items()}


async def measure(broker: Broker, burst: int, rate: int, seconds: int) -> list[dict[str, Any]]:
    """All figures of one broker."""
    async with stack_of(broker) as stack, load_on(stack) as load:
        await load.send(WARM_UP)
        await load.until_projected(WARM_UP, 60)
        figures = await _steady(load, rate, seconds)
        figures += await _burst(load, burst, stack)
        figures += await _rest(stack)
    return [{**figure, "figure": f"{figure['figure']} ({broker})"} for figure in figures]


async def _steady(load: Load, rate: int, seconds: int) -> list[dict[str, Any]]:
    load.forget()
    await load.send_at(rate, seconds)
    await load.until_ended(rate * seconds, 60)
    cuts = statistics.quantiles(load.milliseconds(load.ended), n=100)
    label = f"end to end at {rate} sagas/s"
    return [
        figure(f"{label}, p50", cuts[49], "ms"),
        figure(f"{label}, p99", cuts[98], "ms"),
    ]


async def _burst(load: Load, burst: int, stack: Stack) -> list[dict[str, Any]]:
    done = WARM_UP + len(load.sent)
    await load.until_projected(done, 60)
    load.forget()
    found = processes(stack)
    before, start = cpu_seconds(found), time.perf_counter()
    await load.send(burst)
    await load.until_ended(burst, 300)
    ended = time.perf_counter() - start
    await load.until_projected(done + burst, 300)
    projected = time.perf_counter() - start
    after = cpu_seconds(found)
    figures = [
        figure(f"burst of {burst}, to the last event", burst / ended, "sagas/s"),
        figure(f"burst of {burst}, until projected", burst / projected, "sagas/s", GOALS["burst"]),
    ]
    for name, process in found.items():
        spent = (after[name] - before[name]) * 1000 / burst
        figures.append(figure(f"CPU per saga, {name}", spent, "ms"))
        megabytes = process.memory_info().rss / 1e6
        goal = None if name in SERVERS else GOALS["memory"]
        figures.append(figure(f"memory, {name}", megabytes, "MB", goal, at_most=True))
    return figures


async def _rest(stack: Stack) -> list[dict[str, Any]]:
    ours = {n: p for n, p in processes(stack).items() if n not in SERVERS}
    await asyncio.sleep(REST_SECONDS / 2)  # rest is what is measured: it cannot be waited for
    before = sum(cpu_seconds(ours).values())
    await asyncio.sleep(REST_SECONDS)
    share = (sum(cpu_seconds(ours).values()) - before) / REST_SECONDS * 100
    goal = GOALS["rest"] if stack.options.broker == "apache" else None
    return [figure("at rest, our processes together", share, "% of a core", goal, at_most=True)]
