"""`make bench`: all figures; raw, scaling, memory and sizes on Apache Kafka, the others on both brokers."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from tests.bench import against_raw, memory, pipeline, scaling, seeing, sizes, undoing, waiting
from tests.bench.load import Broker
from tests.bench.reporting import report

REPORT = Path(".onboarding/reports/bench.json")


def main() -> None:
    """Measure what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--broker", choices=("embedded", "apache", "both"), default="both")
    parser.add_argument(
        "--only",
        choices=("raw", "scaling", "memory", "sizes", "pipeline", "waiting", "undoing", "seeing"),
    )
    parser.add_argument("--burst", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--waiting", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5, help="of each, ours and raw")
    parser.add_argument("--raw-burst", type=int, default=20_000)
    parser.add_argument("--raw-rate", type=int, default=20)
    parser.add_argument("--raw-seconds", type=int, default=60)
    parser.add_argument("--memory", type=int, default=100_000, help="sagas until it is looked at")
    asked = parser.parse_args()
    brokers: tuple[Broker, ...] = (
        ("embedded", "apache") if asked.broker == "both" else (asked.broker,)
    )
    figures: list[dict[str, Any]] = []
    if asked.only == "raw" or (asked.only is None and "apache" in brokers):
        rates = (asked.raw_burst, asked.raw_rate, asked.raw_seconds)
        figures += asyncio.run(against_raw.measure(asked.rounds, *rates))
    if asked.only == "scaling" or (asked.only is None and "apache" in brokers):
        figures += asyncio.run(scaling.measure())
    if asked.only == "memory" or (asked.only is None and "apache" in brokers):
        figures += asyncio.run(memory.measure(asked.memory))
    if asked.only == "sizes" or (asked.only is None and "apache" in brokers):
        figures += asyncio.run(sizes.measure())
    for broker in brokers:
        if asked.only in (None, "pipeline"):
            figures += asyncio.run(pipeline.measure(broker, asked.burst, asked.rate, asked.seconds))
        if asked.only in (None, "undoing"):
            figures += asyncio.run(undoing.measure(broker))
        if asked.only in (None, "waiting"):
            figures += asyncio.run(waiting.measure(broker, asked.waiting))
    if asked.only in (None, "seeing"):
        figures += asyncio.run(seeing.measure(brokers[-1], asked.rounds))
    report(figures, REPORT)


if __name__ == "__main__":
    main()
