"""What the services hold in memory after many sagas, and whether it still grows."""

from typing import Any

import psutil

from deploy.local.stack import SERVERS, Stack
from tests.bench.load import load_on, stack_of
from tests.bench.pipeline import GOALS, processes
from tests.bench.reporting import figure

TENTHS, PATIENCE_SECONDS = 10, 600
GROWTH = 1.1


async def measure(sagas: int) -> list[dict[str, Any]]:
    """Megabytes of each service at the end, on Apache Kafka; and the most that any of them grew
    over the second half. The sagas come in ten bursts."""
    told: list[dict[str, float]] = []
    async with stack_of("apache") as stack, load_on(stack) as load:
        for tenth in range(1, TENTHS + 1):
            await load.send(sagas // TENTHS)
            await load.until_projected(tenth * (sagas // TENTHS), PATIENCE_SECONDS)
            told.append(_megabytes(stack))
            load.forget()
    half, end = told[TENTHS // 2 - 1], told[-1]
    growth = max(end[name] / half[name] for name in end)
    after = f"after {sagas:,} sagas"
    return [
        *(
            figure(f"memory {after}, {name}", size, "MB", GOALS["memory"], at_most=True)
            for name, size in end.items()
        ),
        figure(f"memory {after} to after half of them, most", growth, "", GROWTH, at_most=True),
    ]


def _megabytes(stack: Stack) -> dict[str, float]:
    found: dict[str, psutil.Process] = processes(stack)
    return {n: one.memory_info().rss / 1e6 for n, one in found.items() if n not in SERVERS}
