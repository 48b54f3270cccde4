"""What metrics and logs cost: sagas played in memory without them, with metrics, with both.

`python -m tests.bench.observing` prints CPU microseconds a saga, over all five steps.
"""

import argparse
import asyncio
import gc
import os
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from uuid import uuid4

from contracts.journey import PARTNER_ONBOARDING_1
from contracts.starting import Asked, start_message
from services.runtime.clock import DatabaseClock
from services.runtime.counting import Counting
from services.runtime.logs import configure
from services.runtime.ports import Counts
from services.runtime.settings import load_settings
from services.runtime.tally import Tally
from services.runtime.world import Worker, World
from services.steps import all_steps
from tests.bench.reporting import figure, report

REPORT = Path(".onboarding/reports/bench-observing.json")
OF_ALL = 5.0  # per cent of throughput that metrics and logs may cost
KINDS = ("neither", "metrics", "metrics and logs")


class Metrics:
    """Counts, and logs nothing."""

    def __init__(self, tally: Tally) -> None:
        self.cell = tally.cell

    def dead_letter(self, error_class: str, record: object) -> None:
        """None comes."""


def counts_of(kind: str, worker: Worker) -> Counts:
    part = worker.delivery.part
    if kind == "neither":
        return worker
    tally = Tally(part)
    return Metrics(tally) if kind == "metrics" else Counting(part.name, tally)


def seconds_of(kind: str, sagas: int) -> float:
    """CPU seconds in which so many sagas are played."""
    clock = DatabaseClock()
    world = World(all_steps(), clock)
    for worker in world.workers.values():
        worker.delivery.counts = counts_of(kind, worker)
    starts = [start(clock, number) for number in range(sagas)]

    async def play() -> float:
        await world.publish(*starts)
        began = time.process_time()
        await world.run()
        return time.process_time() - began

    gc.collect()  # what a world before left is not paid for by this one
    gc.disable()
    try:
        return asyncio.run(play())
    finally:
        gc.enable()


def start(now: Callable[[], object], number: int) -> object:
    data = {
        "nombre": "TechSolutions Inc",
        "email": f"{number}-{uuid4().hex}@techsolutions.example",
        "telefono": "+1234567890",
        "tipo_partner": "EMPRESA",
    }
    return start_message(Asked(data, "/bench", PARTNER_ONBOARDING_1, uuid4().hex), now())


@contextmanager
def logs_to_nowhere():
    """A file, as the logs of a service are one; what this bench itself says is shown."""
    shown = sys.stdout
    with Path(os.devnull).open("w") as nowhere:
        sys.stdout = nowhere
        configure(load_settings(_env_file=None, log_format="json"), "bench")
        try:
            yield
        finally:
            sys.stdout = shown


def main() -> None:
    """Rounds of all kinds in turns; medians."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.observing", description=__doc__)
    parser.add_argument("--sagas", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--of", type=float, default=7.2, help="CPU ms a saga costs in all")
    asked = parser.parse_args()
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with logs_to_nowhere():
        for _ in range(asked.rounds):
            for kind in KINDS:
                found[kind].append(seconds_of(kind, asked.sagas) / asked.sagas * 1e6)
    neither, metrics, both = (median(found[kind]) for kind in KINDS)
    share = (both - neither) / (asked.of * 1000) * 100
    report(
        [
            figure("delivery alone, in memory", neither, "us a saga"),
            figure("metrics", metrics - neither, "us a saga"),
            figure("logs", both - metrics, "us a saga"),
            figure(f"both, of {asked.of:g} ms a saga", share, "%", OF_ALL, at_most=True),
        ],
        REPORT,
    )


if __name__ == "__main__":
    main()
