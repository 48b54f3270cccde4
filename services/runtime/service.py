"""A step as a process: `run(STEP)` is all that `python -m services.<step>` does."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from contracts.envelope import Record
from contracts.journey import JOURNEYS, rows_of
from services.runtime import metrics
from services.runtime.agent import Intake
from services.runtime.calls import Calls, Make
from services.runtime.clock import DatabaseClock
from services.runtime.counting import Counting
from services.runtime.delivery import Delivery, deliver
from services.runtime.hearing import answers_of, topics_of
from services.runtime.kafka_places import KafkaPlaces
from services.runtime.outside import call, give_back
from services.runtime.outside_access import Access, access_of
from services.runtime.outside_http import HttpOutside, http_client
from services.runtime.part import Limits, Part
from services.runtime.process import Ground, Work, run_process
from services.runtime.process_store import TimeStore
from services.runtime.settings import Settings
from services.runtime.step import StepService
from services.runtime.store import StepStore
from services.runtime.sweeper import flush_marks
from services.runtime.sweeping import Sweeping
from services.runtime.tally import Tally
from services.runtime.timed_log import TimedLog
from services.runtime.watching import NextServices

if TYPE_CHECKING:
    from services.runtime.tracing.spans import Tracing

LOOK_SECONDS = 0.5
ANSWERS_LINGER_SECONDS = 1.0  # one write then ends the watches of many sagas


def run(step: StepService) -> None:
    """Run one worker of a step until it is told to stop."""
    run_process(step.name, partial(_prepare, step))


async def _prepare(step: StepService, ground: Ground) -> Work:
    settings, clock = ground.settings, DatabaseClock()
    access = access_of(step, settings)
    part = part_of(step, settings, clock, access is not None)
    database = settings.database(f"onboarding_{step.name}")
    store = StepStore(ground.mongo, database, ground.vitals, clock)
    await store.ensure(list(step.taken))
    calls = Calls(settings.calls_max, settings.call_timeout_seconds, clock)
    counting = Counting(step.name, Tally(part))
    log = TimedLog(ground.log, metrics.OUTBOX_AGE.labels(step.name))
    delivery = Delivery(part, settings.reader(), log, store, counting, calls.start)
    outside = _outside(step, access, settings)
    if ground.tracing is not None:
        from services.runtime.tracing.ports import traced_delivery

        delivery = traced_delivery(delivery, ground.tracing)
    places = KafkaPlaces(settings)
    sweeping = Sweeping(
        delivery,
        TimeStore(ground.mongo, database, ground.vitals),
        NextServices(part, places),
        clock.set,
        owner=ground.instance,
    )
    worker = _Worker(delivery, sweeping, calls, places, outside, ground)
    return Work(
        intakes=_intakes(step.name, settings, calls.claims_at_once if part.outside else None),
        journeys=[journey.label for journey, _ in rows_of(step.name, JOURNEYS.values())],
        on_batch=worker.on_batch,
        on_tick=sweeping.tick,
        on_stop=worker.stop,
        beside=worker.make_calls,
    )


@dataclass(slots=True)
class _Worker:
    delivery: Delivery
    sweeping: Sweeping
    calls: Calls
    places: KafkaPlaces
    outside: HttpOutside | None
    ground: Ground

    async def on_batch(self, batch: Sequence[Record]) -> None:
        """When told to stop it waits no longer: what it claims is given back with the rest."""
        while not await self.calls.room(LOOK_SECONDS) and self.ground.vitals.stop_at is None:
            self.ground.vitals.waits_its_turn()
        await deliver(self.delivery, batch)

    async def make_calls(self) -> None:
        if self.outside is not None:
            make = _calling(self.delivery, self.outside, self.ground.tracing)
            await self.calls.run(make, partial(give_back, self.delivery))

    async def stop(self) -> None:
        await flush_marks(self.delivery, self.delivery.part.now(), after_seconds=0)
        await self.sweeping.stop()
        await self.places.close()
        if self.outside is not None:
            await self.outside.client.aclose()


def _calling(delivery: Delivery, outside: HttpOutside, tracing: "Tracing | None") -> Make:
    if tracing is None:
        return partial(call, delivery, outside)
    from services.runtime.tracing.ports import traced_calls

    return traced_calls(delivery, outside, tracing)


def _intakes(name: str, settings: Settings, claims: int | None) -> list[Intake]:
    """What others wait for, and what nobody waits for. `claims`: how many calls to an outside
    system one batch may lead to."""
    answers, most = answers_of(name, JOURNEYS, settings.prefix), settings.batch_max
    awaited = [one for one in topics_of(name, JOURNEYS, settings.prefix) if one not in answers]
    hurried = Intake(awaited, most if claims is None else min(most, claims))
    return [hurried, Intake(answers, most, ANSWERS_LINGER_SECONDS)] if answers else [hurried]


def part_of(step: StepService, settings: Settings, clock: DatabaseClock, outside: bool) -> Part:
    """The step's part in the journeys, as its settings have it."""
    return Part(
        service=step,
        rules=settings.rules_of(step.name, step.rules),
        now=clock,
        seconds_for=lambda row: settings.step_timeout(row.name, row.timeout_seconds),
        prefix=settings.prefix,
        outside=outside,
        limits=Limits(
            grace=settings.step_grace_seconds,
            lease=settings.call_timeout_seconds * 2 + 5,  # as long to wait for its turn
            retry_base=settings.retry_base_seconds,
            retry_cap=settings.retry_cap_seconds,
            undo=settings.undo_hours * 3600,
            request_life=settings.call_timeout_seconds * 2,
        ),
        chance=random.random,
    )


def _outside(step: StepService, access: Access | None, settings: Settings) -> HttpOutside | None:
    if access is None or step.outside_no is None:
        return None
    seconds = settings.call_timeout_seconds
    client = http_client(access, seconds, settings.calls_max)
    return HttpOutside(client, access.url, step.name, step.outside_no, seconds)
