"""What sagas that wait cost the others: a burst without them and one beside them, on one stack.

They wait in the step documents, whose outside system answered 500 when it was asked first: the
next attempt and the deadline lie beyond the run.
"""

import time
from pathlib import Path
from typing import Any

from deploy.local.stack import Stack
from tests.bench.load import Broker, Load, load_on, stack_of
from tests.bench.reporting import figure
from tests.deploy.sandbox import Sandbox
from tests.integration.polling import until

WARM_UP, BURST, PATIENCE_SECONDS = 300, 2_000, 600
BEYOND_THE_RUN = {
    "ONBOARDING_STEP_TIMEOUT_SECONDS": "86400",
    "ONBOARDING_RETRY_BASE_SECONDS": "14400",  # half of it is chance
    "ONBOARDING_RETRY_CAP_SECONDS": "14400",
}
RATIO = 0.9


async def measure(broker: Broker, waiting: int) -> list[dict[str, Any]]:
    """Both rates and their ratio."""
    async with stack_of(broker, BEYOND_THE_RUN, platform=True) as stack, load_on(stack) as load:
        await _burst(load, WARM_UP)
        without = await _burst(load, BURST)
        await _make_wait(load, stack, waiting)
        beside = await _burst(load, BURST)
    about = f"burst of {BURST} with outside systems"
    return [
        figure(f"{about} ({broker})", without, "sagas/s"),
        figure(f"{about}, {waiting} others wait ({broker})", beside, "sagas/s"),
        figure(f"the second of these to the first ({broker})", beside / without, "", RATIO),
    ]


async def _burst(load: Load, count: int) -> float:
    """Completed sagas a second, from the first start to the last event."""
    before, projected, began = len(load.ended), await load.projected(), time.perf_counter()
    await load.send(count)
    await load.until_ended(before + count, PATIENCE_SECONDS)
    rate = count / (time.perf_counter() - began)
    await load.until_projected(projected + count, PATIENCE_SECONDS)
    return rate


async def _make_wait(load: Load, stack: Stack, count: int) -> None:
    platform = Sandbox(stack.platform or "", Path())
    await platform.tell("error", step="documents")
    await load.send(count)
    steps = load.sagas.database.client.onboarding_documents.steps
    between_tries = {"state": "pending", "lease": {"$exists": False}}

    async def all_wait() -> bool:
        found: int = await steps.count_documents(between_tries)
        return found >= count

    await until("sagas that wait", all_wait, PATIENCE_SECONDS)
    await platform.heal()
