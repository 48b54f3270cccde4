"""The sweeper: sends outboxes that were left unsent, and flushes marks when nothing comes.

A worker that dies between recording and sending leaves its outbox unmarked; whoever sweeps next
says it. Saying it twice is harmless, so sweepers of several workers need no agreement.
"""

from services.runtime import metrics
from services.runtime.delivery import Delivery, say

UNSENT_SECONDS = 10.0  # a batch that is only slow marks its outboxes long before
SWEEP_LIMIT = 500


async def sweep(delivery: Delivery) -> int:
    """One pass; returns how many outboxes were sent again."""
    await flush_marks(delivery)
    left = await delivery.store.unsent(UNSENT_SECONDS, SWEEP_LIMIT)
    if left:
        await say(delivery, left)
        await flush_marks(delivery)
        metrics.RESENT.labels(delivery.part.service.name).inc(len(left))
    return len(left)


async def flush_marks(delivery: Delivery) -> None:
    """Write the marks that no batch took along."""
    marks, delivery.sent = delivery.sent, {}
    if marks:
        await delivery.store.write([], marks)
