"""A burst, a steady load, CPU and memory of the whole stack, on a broker; and the report of it."""

import asyncio
import json
import shutil
import statistics
import tempfile
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from motor.motor_asyncio import AsyncIOMotorClient

from contracts.topics import event_topic
from deploy.local.stack import Options, Stack, running
from services.runtime.settings import load_settings
from services.runtime.topics import create_topics

STARTS, ENDS = event_topic("PartnerOnboardingInitiated"), event_topic("PartnerOnboardingCompleted")
REPORT = Path(".onboarding/reports/bench.json")
Broker = Literal["embedded", "apache"]
GOALS = {"burst": 250.0, "memory": 120.0}


@dataclass
class Load:
    """The bench's own producer and consumer."""

    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer
    sagas: Any
    sent_at: dict[str, float]
    ended_at: dict[str, float]

    async def send(self) -> None:
        name = uuid.uuid4().hex
        partner = {
            "nombre": "TechSolutions Inc",
            "email": f"{name}@techsolutions.example",
            "telefono": "+1234567890",
            "tipo_partner": "EMPRESA",
            "preferred_contract_type": "PREMIUM",
            "partner_id": name,
        }
        headers = [
            ("ce_type", b"com.hexabuilders.onboarding.PartnerOnboardingInitiated.v1"),
            ("ce_id", name.encode()),
            ("ce_source", b"/bench"),
        ]
        self.sent_at[name] = time.perf_counter()
        body = json.dumps({"partner_data": partner}).encode()
        await self.producer.send(STARTS, body, key=name.encode(), headers=headers)

    async def listen(self) -> None:
        async for record in self.consumer:
            self.ended_at.setdefault((record.key or b"").decode(), time.perf_counter())

    async def until_ended(self, count: int, seconds: float) -> None:
        deadline = time.perf_counter() + seconds
        while len(self.ended_at) < count and time.perf_counter() < deadline:
            await asyncio.sleep(0.01)

    async def until_projected(self, count: int, seconds: float) -> None:
        deadline = time.perf_counter() + seconds
        completed = {"tenant_id": "default", "status": "COMPLETED"}
        while (
            await self.sagas.count_documents(completed) < count and time.perf_counter() < deadline
        ):
            await asyncio.sleep(0.2)


def processes(stack: Stack) -> dict[str, psutil.Process]:
    """The stack's processes by name."""
    return {name: psutil.Process(stack.supervisor.pid(name)) for name in stack.supervisor.names()}


def cpu_seconds(found: Mapping[str, psutil.Process]) -> dict[str, float]:
    times = {name: process.cpu_times() for name, process in found.items()}
    return {name: cpu.user + cpu.system for name, cpu in times.items()}


async def measure(broker: Broker, burst: int, rate: int, seconds: int) -> list[dict[str, Any]]:
    """All figures of one broker."""
    folder = Path(tempfile.mkdtemp(prefix="onboarding-bench-"))

    async def prepare(kafka: str, mongo: str) -> None:
        await create_topics(load_settings(kafka=kafka, mongo=mongo, replication=1))

    try:
        async with running(Options(folder, broker=broker), prepare, lambda *_: None) as stack:
            return await _measure(stack, broker, burst, rate, seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _measure(
    stack: Stack, broker: str, burst: int, rate: int, seconds: int
) -> list[dict[str, Any]]:
    producer = AIOKafkaProducer(bootstrap_servers=stack.kafka)
    consumer = AIOKafkaConsumer(
        ENDS,
        bootstrap_servers=stack.kafka,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=20 if broker == "embedded" else 500,
    )
    await producer.start()
    await consumer.start()
    mongo = AsyncIOMotorClient(stack.mongo)
    load = Load(producer, consumer, mongo.saga_state.sagas, {}, {})
    listening = asyncio.create_task(load.listen())
    try:
        for _ in range(20):
            await load.send()
        await load.until_projected(20, 60)
        figures = await _steady(load, rate, seconds)
        figures += await _burst(load, burst, stack)
        figures += await _rest(stack)
        return [{**figure, "figure": f"{figure['figure']} ({broker})"} for figure in figures]
    finally:
        listening.cancel()
        await consumer.stop()
        await producer.stop()


async def _steady(load: Load, rate: int, seconds: int) -> list[dict[str, Any]]:
    before = set(load.sent_at)
    start = time.perf_counter()
    for number in range(rate * seconds):
        await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
        await load.send()
    await load.until_ended(len(load.sent_at), 60)
    took = sorted(
        (load.ended_at[name] - sent) * 1000
        for name, sent in load.sent_at.items()
        if name not in before and name in load.ended_at
    )
    cuts = statistics.quantiles(took, n=100)
    label = f"end to end at {rate} sagas/s"
    return [
        figure(f"{label}, p50", cuts[49], "ms"),
        figure(f"{label}, p99", cuts[98], "ms"),
    ]


async def _burst(load: Load, burst: int, stack: Stack) -> list[dict[str, Any]]:
    await load.until_projected(len(load.sent_at), 60)
    found = processes(stack)
    before, start = cpu_seconds(found), time.perf_counter()
    for _ in range(burst):
        await load.send()
    await load.until_ended(len(load.sent_at), 300)
    ended = time.perf_counter() - start
    await load.until_projected(len(load.sent_at), 300)
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
        goal = None if name in {"kafka", "mongo"} else GOALS["memory"]
        figures.append(figure(f"memory, {name}", megabytes, "MB", goal, at_most=True))
    return figures


async def _rest(stack: Stack) -> list[dict[str, Any]]:
    ours = {n: p for n, p in processes(stack).items() if n not in {"kafka", "mongo"}}
    await asyncio.sleep(5)
    before = sum(cpu_seconds(ours).values())
    await asyncio.sleep(10)
    share = (sum(cpu_seconds(ours).values()) - before) / 10 * 100
    return [figure("at rest, our processes together", share, "% of a core")]


def figure(
    name: str, value: float, unit: str, goal: float | None = None, at_most: bool = False
) -> dict[str, Any]:
    met = None if goal is None else (value <= goal if at_most else value >= goal)
    return {"figure": name, "value": round(value, 2), "unit": unit, "goal": goal, "met": met}


def report(figures: list[dict[str, Any]]) -> None:
    """Print the table, write the report."""
    for item in figures:
        goal = "" if item["goal"] is None else f"  (goal {item['goal']:g}, met: {item['met']})"
        print(f"{item['figure']:<58} {item['value']:>10.2f} {item['unit']}{goal}")
    machine = {"cores": psutil.cpu_count(), "memory_gb": round(psutil.virtual_memory().total / 1e9)}
    body = {
        "seed": None,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "figures": figures,
    }
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(body, indent=2) + "\n")
    print(f"{machine['cores']} cores, {machine['memory_gb']} GB; report: {REPORT}")
