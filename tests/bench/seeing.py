"""What metrics and logs cost: bursts through a stack that has them, and one that has not, in turns."""

import statistics
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.load import Broker, load_on, stack_of
from tests.bench.reporting import figure

BURST, WARM_UP, SECONDS = 6_000, 20, 300
GOAL = 0.95
SILENT = {
    "PYTHONPATH": str(Path(__file__).parent / "silent"),
    "ONBOARDING_LOG_LEVEL": "ERROR",
}
WAYS: Mapping[str, Mapping[str, str]] = {"with": {}, "without": SILENT}


async def measure(broker: Broker, rounds: int) -> list[dict[str, Any]]:
    """Medians of sagas a second until projected, and their ratio."""
    found: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds):
        for way in sorted(WAYS, reverse=number % 2 == 1):
            rate = await _rate(broker, dict(WAYS[way]))
            print(f"round {number + 1} of {rounds}, {way}: {rate:.0f} sagas/s", flush=True)
            found[way].append(rate)
    medians = {way: statistics.median(rates) for way, rates in found.items()}
    return [
        *(
            figure(f"burst of {BURST} {way} metrics and logs ({broker})", rate, "sagas/s")
            for way, rate in medians.items()
        ),
        figure(f"with them to without ({broker})", medians["with"] / medians["without"], "", GOAL),
    ]


async def _rate(broker: Broker, env: dict[str, str]) -> float:
    async with stack_of(broker, env) as stack, load_on(stack) as load:
        await load.send(WARM_UP)
        await load.until_projected(WARM_UP, SECONDS)
        load.forget()
        began = time.perf_counter()
        await load.send(BURST)
        await load.until_projected(WARM_UP + BURST, SECONDS)
        return BURST / (time.perf_counter() - began)
