"""What more workers of one step bring: documents alone, with one, two and four of them.

Its outside system takes 200 ms an answer, and each worker has eight calls out at a time, so that
one worker cannot do more than 40 sagas a second. Campaigns and recruitment call nobody.
"""

import time
from pathlib import Path
from typing import Any

from tests.bench.load import Load, load_on, stack_of
from tests.bench.reporting import figure
from tests.deploy.sandbox import Sandbox

ANSWER_SECONDS, CALLS = 0.2, 8
WORKERS, GOALS = (1, 2, 4), {2: 1.8, 4: 3.2}
SAGAS_OF_A_WORKER, WARM_UP, PATIENCE_SECONDS = 1_000, 200, 300
ENV = {
    "ONBOARDING_CALLS_MAX": str(CALLS),
    "ONBOARDING_STEP_TIMEOUT_SECONDS": "3600",  # a queue is what is measured
    "ONBOARDING_CAMPAIGNS_URL": "",
    "ONBOARDING_RECRUITMENT_URL": "",
}


async def measure() -> list[dict[str, Any]]:
    """On Apache Kafka, each on a stack of its own: a rate per number of workers, and the ratios."""
    rates = {workers: await _rate(workers) for workers in WORKERS}
    figures = [
        figure(f"documents with {workers} workers", rate, "sagas/s")
        for workers, rate in rates.items()
    ]
    return figures + [
        figure(f"{workers} workers to 1", rates[workers] / rates[1], "", goal)
        for workers, goal in GOALS.items()
    ]


async def _rate(workers: int) -> float:
    async with (
        stack_of("apache", ENV, platform=True, workers={"documents": workers}) as stack,
        load_on(stack) as load,
    ):
        await all_end(load, WARM_UP)
        platform = Sandbox(stack.platform or "", Path())
        await platform.tell("slow", step="documents", seconds=ANSWER_SECONDS)
        return await all_end(load, SAGAS_OF_A_WORKER * workers)


async def all_end(load: Load, count: int) -> float:
    """Sagas a second, from the first start to the last event."""
    load.forget()
    began = time.perf_counter()
    await load.send(count)
    await load.until_ended(count, PATIENCE_SECONDS)
    return count / (time.perf_counter() - began)
