"""A step as a process: `run(STEP)` is all that `python -m services.<step>` does."""

from datetime import datetime

from contracts.journey import JOURNEYS, rows_of
from services.runtime.agent import Batching
from services.runtime.counting import Counting
from services.runtime.delivery import Delivery, deliver
from services.runtime.document import Document
from services.runtime.hearing import topics_of
from services.runtime.part import Part
from services.runtime.process import Ground, Work, run_process, utc_now
from services.runtime.settings import Settings
from services.runtime.step import StepService
from services.runtime.store import StepStore
from services.runtime.sweeper import flush_marks, sweep


def run(step: StepService) -> None:
    """Run one worker of a step until it is told to stop."""

    async def prepare(ground: Ground) -> Work:
        return await _prepare(step, ground)

    run_process(step.name, prepare)


async def _prepare(step: StepService, ground: Ground) -> Work:
    settings = ground.settings
    part = part_of(step, settings)
    database = settings.database(f"onboarding_{step.name}")
    store = StepStore(ground.mongo, database, ground.vitals, part.now)
    await store.ensure(list(step.taken))
    counting = Counting(step.name)
    delivery = Delivery(part, settings.reader(), ground.log, store, counting, _no_call)
    return Work(
        topics=topics_of(step.name, JOURNEYS, settings.prefix),
        journeys=[journey.label for journey, _ in rows_of(step.name, JOURNEYS.values())],
        on_batch=lambda batch: deliver(delivery, batch),
        on_tick=lambda: sweep(delivery, _NeverSilent()),
        on_stop=lambda: flush_marks(delivery, part.now(), after_seconds=0),
        batching=Batching(settings.batch_max),
    )


def part_of(step: StepService, settings: Settings) -> Part:
    """The step's part in the journeys, as its settings have it."""
    return Part(
        service=step,
        rules=settings.rules_of(step.name, step.rules),
        now=utc_now,
        seconds_for=lambda row: settings.step_timeout(row.name, row.timeout_seconds),
        prefix=settings.prefix,
    )


def _no_call(document: Document) -> None:
    """No step has an outside system yet."""
    raise AssertionError(document.state)


class _NeverSilent:
    """No watch speaks yet."""

    async def look(self, _now: datetime, /) -> None: ...

    def is_silent(self, _document: Document, _now: datetime, /) -> bool:
        return False
