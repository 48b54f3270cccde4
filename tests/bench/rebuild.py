"""How fast the projection is rebuilt, and in how much memory: `python -m tests.bench.rebuild`.

The records are copies of one saga that completed in memory, under other ids. Each size is rebuilt
twice: beside no live projection, then beside the one of before, which it is compared with.
"""

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from aiokafka import AIOKafkaProducer

from deploy.local.child import leash
from deploy.local.stack import Options, Stack, servers
from services.runtime.settings import load_settings
from services.runtime.topics import create_topics
from tests.bench.load import Broker
from tests.bench.reporting import figure, report
from tests.integration.played import completed_one, copies, publish
from tests.sources import ROOT

SMALL, LARGE, AT_ONCE = 100_000, 1_000_000, 5_000
RATE_GOAL, GROWTH_GOAL = 20_000, 1.1
LOOK_SECONDS = 0.25
REPORT = Path(".onboarding/reports/bench-rebuild.json")


@dataclass(frozen=True)
class Ran:
    """What the command answered, and the most memory of any of its processes, MB."""

    told: Mapping[str, Any]
    megabytes: float


async def fill(stack: Stack, start: int, end: int) -> None:
    """So many more sagas on the topics."""
    records = await completed_one()
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka, max_batch_size=131_072) as producer:
        for first in range(start, end, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, end))
            await publish(producer, (one for number in numbers for one in copies(records, number)))
            print(f"\r{first + AT_ONCE:,} of {end:,} sagas", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


async def rebuilt(stack: Stack, workers: int) -> Ran:
    """Run the command; a second one finds what it is compared with."""
    env = {**os.environ, "ONBOARDING_KAFKA": stack.kafka, "ONBOARDING_MONGO": stack.mongo}
    code = "from services.cli.main import main; main()"
    command = ("replay", "rebuild", "--swap", "--workers", str(workers), "-o", "json")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, *command,
        cwd=ROOT, env=env, stdout=asyncio.subprocess.PIPE, preexec_fn=leash(os.getpid()),
    )  # fmt: skip
    most, answer = 0.0, asyncio.create_task(process.communicate())
    while not answer.done():
        await asyncio.wait({answer}, timeout=LOOK_SECONDS)
        most = max(most, _megabytes(process.pid))
    out, _ = answer.result()
    assert process.returncode == 0
    return Ran(json.loads(out), most)


def _megabytes(pid: int) -> float:
    """Of the largest process."""
    try:
        parent = psutil.Process(pid)
        found = [parent, *parent.children(recursive=True)]
        return max(one.memory_info().rss for one in found) / 1e6
    except psutil.NoSuchProcess:
        return 0.0


async def measure(broker: Broker, sizes: Sequence[int], workers: int) -> list[dict[str, Any]]:
    """Both runs of each size, the smaller one first."""
    figures, sagas, megabytes = [], 0, list[float]()
    async with _stack(broker) as stack:
        for size in sizes:
            wanted = size // 7
            await fill(stack, sagas, wanted)
            sagas = wanted
            first, second = await rebuilt(stack, workers), await rebuilt(stack, workers)
            print(json.dumps([first.told, second.told], indent=1), file=sys.stderr)
            megabytes.append(max(first.megabytes, second.megabytes))
            figures += _figures(f"{size:,} events", (first, second), megabytes[-1])
    growth = megabytes[-1] / megabytes[0]
    about = f"memory at {sizes[-1]:,} to {sizes[0]:,} events"
    return [*figures, figure(about, growth, "", GROWTH_GOAL, at_most=True)]


def _figures(about: str, runs: Sequence[Ran], megabytes: float) -> list[dict[str, Any]]:
    rates = [run.told["records_per_second"] for run in runs]
    compared = runs[1].told
    sagas_per_second = compared["compared"] / compared["seconds"]["comparing"]
    assert (compared["differ"], compared["not_rebuilt"]) == (0, 0)
    return [
        figure(f"rebuild of {about}", max(rates), "events/s", RATE_GOAL),
        figure(f"compared with the live one, {about}", sagas_per_second, "sagas/s"),
        figure(f"memory of its largest process, {about}", megabytes, "MB"),
    ]


@asynccontextmanager
async def _stack(broker: Broker) -> AsyncIterator[Stack]:
    folder = Path(tempfile.mkdtemp(prefix="onboarding-bench-"))
    try:
        async with servers(Options(folder, broker=broker), lambda *_: None) as stack:
            told = load_settings(kafka=stack.kafka, mongo=stack.mongo, replication=1)
            await create_topics(told)
            yield stack
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Print and report it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.rebuild", description=__doc__)
    parser.add_argument("--broker", choices=("embedded", "apache"), default="apache")
    parser.add_argument("--sizes", type=int, nargs="+", default=[SMALL, LARGE], help="events")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    report(asyncio.run(measure(asked.broker, asked.sizes, asked.workers)), REPORT)


if __name__ == "__main__":
    main()
