"""The sweeper: sends outboxes that were left unsent, and flushes marks when nothing comes.

A worker that dies between recording and sending leaves its outbox unmarked; whoever sweeps next
says it. Saying it twice is harmless, so sweepers of several workers need no agreement.
"""

from services.runtime import metrics
from services.runtime.delivery import Delivery, say

# A batch that was not acknowledged comes again by itself and says its outboxes then; the sweeper
# is for what no batch will bring back. It must not be faster than a slow batch: sending what is
# only waiting for its mark loads a system that is behind, and puts it further behind.
UNSENT_SECONDS = 60.0
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
