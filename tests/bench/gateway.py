"""What the gateway bears: many who ask, starts while sagas run, lists of many: `make bench-gateway`.

It needs wrk (`apt-get install wrk`).
"""

import argparse
import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.stack import GATEWAY, SERVICES, Stack
from services.cli.stack_key import register, stack_key
from services.runtime.mongo import connect
from services.runtime.settings import load_settings
from tests.bench import gateway_lists, gateway_pages, wrk
from tests.bench.gateway_rows import correlation_id, fill, partner_id, saga_id
from tests.bench.load import Broker, Load, load_on, stack_of
from tests.bench.pipeline import cpu_seconds, processes
from tests.bench.reporting import Figure, figure, report

ASKERS, ASK_MS, SHOWN = 500, 500.0, 1_000
STARTERS, STARTS_A_SECOND = 64, 300.0
REPORT = Path(".onboarding/reports/bench-gateway.json")
ENV = {"ONBOARDING_GATEWAY_KEY_PER_SECOND": "1000000"}  # the limit is not what is measured
BODY = (
    '{"partner_data": {"nombre": "TechSolutions Inc", "email": "NUMBER@techsolutions.example", '
    '"telefono": "+1234567890", "tipo_partner": "EMPRESA", "preferred_contract_type": "PREMIUM"}}'
)


@dataclass(frozen=True)
class Asked:
    """How much is measured, for how long."""

    broker: Broker
    rows: int
    seconds: int
    page_seconds: int


@dataclass(frozen=True)
class Bench:
    """A stack with a gateway, and the key to it."""

    stack: Stack
    load: Load
    url: str
    headers: Mapping[str, str]


async def measure(asked: Asked) -> list[Figure]:
    """All of it, over as many stored sagas as are asked for."""
    async with bench_of(asked.broker) as bench:
        await bench.load.send(1)
        await bench.load.until_projected(1, 60)
        await fill(bench.load.sagas, asked.rows)
        sizes = (asked.rows, asked.page_seconds)
        lists = await gateway_lists.measure(bench.load.sagas, bench.url, bench.headers, *sizes)
        key = bench.headers["X-API-Key"]
        pages = await gateway_pages.measure(bench.url, key, *sizes)
        asks = await _statuses(bench, asked)
        return [*lists, *pages, *asks, *await _starts(bench, asked)]


@asynccontextmanager
async def bench_of(broker: Broker) -> AsyncIterator[Bench]:
    """A stack with a gateway, and a load on it."""
    services = (*SERVICES, GATEWAY)
    async with stack_of(broker, ENV, services=services) as stack, load_on(stack) as load:
        folder = stack.supervisor.folder.root
        async with connect(stack.mongo) as mongo:
            await register(mongo, load_settings(kafka=stack.kafka, mongo=stack.mongo), folder)
        assert stack.gateway is not None
        yield Bench(stack, load, stack.gateway, {"X-API-Key": stack_key(folder) or ""})


async def _statuses(bench: Bench, asked: Asked) -> list[Figure]:
    """Many who ask by one of the three ids of a saga, once a second each."""
    numbers = range(0, asked.rows, max(1, asked.rows // SHOWN))
    ids = [(saga_id, partner_id, correlation_id)[one % 3](one) for one in numbers]
    script = wrk.asking([f"/sagas/{one}/status" for one in ids], bench.headers, 1.0)
    told, spent = await _measured(bench, script, ASKERS, asked.seconds)
    label = f"{ASKERS} who ask for a status once a second"
    return [
        figure(f"{label}, p50", told.p50_ms, "ms"),
        figure(f"{label}, p99", told.p99_ms, "ms", ASK_MS, at_most=True),
        figure(f"{label}, answers", told.rate, "/s"),
        figure(f"{label}, errors", told.errors, "", 0, at_most=True),
        *_costs(told, spent, "a status"),
    ]


async def _starts(bench: Bench, asked: Asked) -> list[Figure]:
    """As many starts as are taken, one after another on each connection; meanwhile they run."""
    headers = {**bench.headers, "Content-Type": "application/json"}
    script = wrk.posting("/sagas/partner-onboarding", headers, BODY, uuid.uuid4().hex[:8])
    before = await _through(bench)
    told, spent = await _measured(bench, script, STARTERS, asked.seconds)
    ran = (await _through(bench) - before) / told.seconds
    label = f"starts on {STARTERS} connections"
    return [
        figure(f"{label}, taken", told.rate, "/s", STARTS_A_SECOND),
        figure(f"{label}, p50", told.p50_ms, "ms"),
        figure(f"{label}, p99", told.p99_ms, "ms"),
        figure(f"{label}, errors", told.errors, "", 0, at_most=True),
        figure("sagas that the projection came to meanwhile", ran, "/s"),
        *_costs(told, spent, "a start"),
    ]


async def _measured(
    bench: Bench, script: str, connections: int, seconds: int
) -> tuple[wrk.Measured, Mapping[str, float]]:
    """With the seconds of CPU of each process."""
    found = processes(bench.stack)
    before = cpu_seconds(found)
    told = await wrk.run(bench.url, script, connections, seconds)
    return told, {name: spent - before[name] for name, spent in cpu_seconds(found).items()}


def _costs(told: wrk.Measured, spent: Mapping[str, float], what: str) -> list[Figure]:
    own = {**{name: spent[name] for name in (GATEWAY, "mongo")}, "wrk": told.cpu_seconds}
    own["all others"] = sum(spent.values()) - spent[GATEWAY] - spent["mongo"]
    per = 1000 / max(told.requests, 1)
    costs = [figure(f"CPU of {name}, {what}", cpu * per, "ms") for name, cpu in own.items()]
    share = 100 * spent[GATEWAY] / told.seconds
    return [*costs, figure(f"CPU of gateway, {what}, of a core", share, "%")]


async def _through(bench: Bench) -> float:
    """How many sagas' worth of events the projection has."""
    events: Any = bench.load.sagas.database.events
    count: int = await events.estimated_document_count()
    return count / bench.load.pipeline.events_of_saga


def main() -> None:
    """Measure what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gateway", description=__doc__)
    parser.add_argument("--broker", choices=("embedded", "apache"), default="apache")
    parser.add_argument("--rows", type=int, default=1_000_000, help="sagas that are stored")
    parser.add_argument("--seconds", type=int, default=30, help="of statuses, and of starts")
    parser.add_argument("--page-seconds", type=int, default=5, help="of each kind of list")
    asked = Asked(**vars(parser.parse_args()))
    if shutil.which(wrk.PROGRAM) is None:
        parser.error("wrk is not on PATH: apt-get install wrk")
    report(asyncio.run(measure(asked)), REPORT)


if __name__ == "__main__":
    main()
