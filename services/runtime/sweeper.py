"""The sweeper: what time asks for. Deadlines, tries that are due, watches, outboxes left unsent.

It decides nothing itself: what is due arrives at the table like an event. Every write is guarded,
so that two sweepers at once do no harm; a lease only spares them the work.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from contracts.envelope import Event
from contracts.poison import PoisonError
from services.runtime import metrics
from services.runtime.arrivals import Arrival, Due
from services.runtime.delivery import Delivery, say, settle
from services.runtime.document import Document
from services.runtime.marks import RIPE_SECONDS

SWEEP_LIMIT = 500
LOOK_AGAIN_SECONDS = 1.0


class Watch(Protocol):
    """Tells a step that is dead or stuck from one that is only behind."""

    def is_silent(self, document: Document, now: datetime, /) -> bool:
        """Whether the step after it had its chance to answer this saga, and did not."""
        ...


async def sweep(delivery: Delivery, watch: Watch) -> int:
    """One pass; returns how many documents it found due."""
    now = delivery.part.now()
    await flush_marks(delivery, now)
    due = await delivery.store.due(now, SWEEP_LIMIT)
    arrivals: dict[str, Sequence[Event | Arrival]] = {}
    unsent: list[Document] = []
    put_off: list[Document] = []
    for one in due:
        if _may_be_unsent(delivery, one) and not _is_over(one, now):
            unsent.append(one)  # nobody can be blamed for not answering what was not sent
        elif (arrival := what_is_due(delivery, one, watch, now)) is not None:
            arrivals[one.context.saga_id] = [arrival]
        else:
            put_off.append(one)
    await say_again(delivery, unsent)
    await settle(delivery, arrivals, {one.context.saga_id: one for one in due})
    await _put_off(delivery, put_off, now + timedelta(seconds=LOOK_AGAIN_SECONDS))
    return len(due)


def what_is_due(
    delivery: Delivery, one: Document, watch: Watch, now: datetime
) -> Event | Arrival | None:
    """What time asks of a document first; None: nothing yet, or of a journey not known here."""
    if delivery.part.journey_of(one.context) is None:
        return None
    if _is_over(one, now):
        return Due("deadline")
    if one.try_at is not None and one.try_at <= now:
        return _once_more(delivery, one)
    if one.watch_at is not None and one.watch_at <= now and watch.is_silent(one, now):
        return Due("watch")
    return None


async def say_again(delivery: Delivery, unsent: Sequence[Document]) -> None:
    """Send what a dead worker left, and mark it at once; their watches count from now."""
    if not unsent:
        return
    await say(delivery, [(one, one.outbox) for one in unsent])
    await flush_marks(delivery, delivery.part.now(), after_seconds=0)
    watching: dict[float, list[Document]] = defaultdict(list)
    for one in unsent:
        journey = delivery.part.journey_of(one.context)
        seconds = delivery.part.watched(journey) if journey and one.watch_at else None
        if seconds is not None:
            watching[seconds].append(one)
    for seconds, some in watching.items():
        await _put_off(delivery, some, delivery.part.now() + timedelta(seconds=seconds))
    metrics.RESENT.labels(delivery.part.name).inc(len(unsent))


async def flush_marks(
    delivery: Delivery, now: datetime, after_seconds: float = RIPE_SECONDS
) -> None:
    """Write the marks that no batch took along."""
    if marks := delivery.marks.ripe(now, after_seconds):
        await delivery.store.write([], marks)


async def _put_off(delivery: Delivery, documents: Sequence[Document], until: datetime) -> None:
    if documents:
        await delivery.store.put_off([one.context.saga_id for one in documents], until)


def _once_more(delivery: Delivery, one: Document) -> Event | Arrival | None:
    """The next try; of a step that a bug parked before it could note a plan, its event again."""
    if one.state != "pending" or one.plan or one.record is None:
        return Due("try")
    try:
        return delivery.reader.read(one.record)
    except PoisonError:  # settings have changed since: it waits for its deadline
        return None


def _may_be_unsent(delivery: Delivery, one: Document) -> bool:
    return one.is_unsent and one.context.saga_id not in delivery.marks.waiting


def _is_over(one: Document, now: datetime) -> bool:
    return one.deadline_at is not None and one.deadline_at <= now
