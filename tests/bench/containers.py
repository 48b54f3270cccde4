"""What a second container of a step brings, where an outside system's 200 ms are what it waits for.

    bash tests/containers/run.sh .venv/bin/python -m tests.bench.containers

As `scaling`, with each process in a container as the tests have it.
"""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.load import load_on
from tests.bench.reporting import figure, report
from tests.bench.scaling import ANSWER_SECONDS, ENV, SAGAS_OF_A_WORKER, WARM_UP, all_end
from tests.containers.fleet import Fleet, fleet

STEP, GOAL = "documents", 1.6
REPORT = Path(".onboarding/reports/bench-containers.json")


@dataclass(frozen=True)
class _Options:
    broker: str = "apache"


@dataclass(frozen=True)
class _Stack:
    """As much of a stack as a load needs."""

    kafka: str
    mongo: str
    options: _Options = _Options()


def main() -> None:
    """Print both rates and their ratio."""
    report(asyncio.run(_measure()), REPORT)


async def _measure() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="onboarding-bench-") as folder:
        async with fleet(Path(folder), ENV) as running:
            one = await _rate(running, 1)
            ready = [
                figure(f"{name}: from start to ready", seconds, "s")
                for name, seconds in running.ready_after.items()
            ]
            await running.launch(f"{STEP}-2")
            await running.until_shared(STEP, f"{STEP}-2")
            two = await _rate(running, 2)
            again = figure(
                f"{STEP}-2: from start to ready",
                running.ready_after[f"{STEP}-2"],
                "s",
                10,
                at_most=True,
            )
    return [
        *ready,
        again,
        figure(f"{STEP} in one container", one, "sagas/s"),
        figure(f"{STEP} in two containers", two, "sagas/s"),
        figure("two containers to one", two / one, "", GOAL),
    ]


async def _rate(running: Fleet, containers: int) -> float:
    async with load_on(_Stack(running.kafka, running.mongo)) as load:  # type: ignore[arg-type]
        await running.platform.heal()
        await all_end(load, WARM_UP)
        await running.platform.tell("slow", step=STEP, seconds=ANSWER_SECONDS)
        return await all_end(load, SAGAS_OF_A_WORKER * containers)


if __name__ == "__main__":
    main()
