"""A step as a process: `run(STEP)` is all that `python -m services.<step>` does."""

from contracts.journey import JOURNEYS, rows_of
from contracts.topics import event_topic
from services.runtime.agent import Batching
from services.runtime.counting import counter_of
from services.runtime.delivery import Delivery, deliver
from services.runtime.process import Ground, Work, run_process, utc_now
from services.runtime.protocol import Part
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
    store = StepStore(ground.mongo, settings.database(f"onboarding_{step.name}"), ground.vitals)
    await store.ensure(list(step.taken))
    delivery = Delivery(part, settings.reader(), ground.log, store, counter_of(step.name))
    return Work(
        topics=topics_of(step, settings.prefix),
        journeys=[journey.label for journey, _ in rows_of(step.name, JOURNEYS.values())],
        on_batch=lambda batch: deliver(delivery, batch),
        on_tick=lambda: sweep(delivery),
        on_stop=lambda: flush_marks(delivery),
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


def topics_of(step: StepService, prefix: str) -> list[str]:
    """The topics of what the step hears, over all journeys, each once."""
    rows = rows_of(step.name, JOURNEYS.values())
    return list(dict.fromkeys(event_topic(row.hears, prefix) for _, row in rows))
