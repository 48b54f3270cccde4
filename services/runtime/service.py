"""A step as a process: `run(STEP)` is all that `python -m services.<step>` does."""

import os
import random
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from contracts.envelope import Record
from contracts.journey import JOURNEYS, rows_of
from services.runtime.agent import Batching
from services.runtime.calls import Calls
from services.runtime.clock import DatabaseClock
from services.runtime.counting import Counting
from services.runtime.delivery import Delivery, deliver
from services.runtime.hearing import topics_of
from services.runtime.kafka_places import KafkaPlaces
from services.runtime.outside import call
from services.runtime.outside_http import HttpOutside, http_client
from services.runtime.part import Limits, Part
from services.runtime.process import Ground, Work, run_process
from services.runtime.process_store import TimeStore
from services.runtime.settings import Settings
from services.runtime.step import StepService
from services.runtime.store import StepStore
from services.runtime.sweeper import flush_marks
from services.runtime.sweeping import Sweeping
from services.runtime.watching import NextServices


def run(step: StepService) -> None:
    """Run one worker of a step until it is told to stop."""
    run_process(step.name, partial(_prepare, step))


async def _prepare(step: StepService, ground: Ground) -> Work:
    settings, clock = ground.settings, DatabaseClock()
    part = part_of(step, settings, clock)
    database = settings.database(f"onboarding_{step.name}")
    store = StepStore(ground.mongo, database, ground.vitals, clock)
    await store.ensure(list(step.taken))
    calls = Calls(settings.calls_max)
    delivery = Delivery(
        part, settings.reader(), ground.log, store, Counting(step.name), calls.start
    )
    places = KafkaPlaces(settings)
    sweeping = Sweeping(
        delivery,
        TimeStore(ground.mongo, database, ground.vitals),
        NextServices(part, places),
        clock.set,
        owner=f"{socket.gethostname()}:{os.getpid()}",
    )
    worker = _Worker(delivery, sweeping, calls, places, _outside(step, settings))
    return Work(
        topics=topics_of(step.name, JOURNEYS, settings.prefix),
        journeys=[journey.label for journey, _ in rows_of(step.name, JOURNEYS.values())],
        on_batch=worker.on_batch,
        on_tick=sweeping.tick,
        on_stop=worker.stop,
        batching=Batching(
            min(settings.batch_max, calls.claims_at_once) if part.outside else settings.batch_max
        ),
        beside=worker.make_calls,
    )


@dataclass(slots=True)
class _Worker:
    delivery: Delivery
    sweeping: Sweeping
    calls: Calls
    places: KafkaPlaces
    outside: HttpOutside | None

    async def on_batch(self, batch: Sequence[Record]) -> None:
        await self.calls.room()
        await deliver(self.delivery, batch)

    async def make_calls(self) -> None:
        if self.outside is not None:
            await self.calls.run(partial(call, self.delivery, self.outside))

    async def stop(self) -> None:
        await flush_marks(self.delivery, self.delivery.part.now(), after_seconds=0)
        await self.places.close()
        if self.outside is not None:
            await self.outside.client.aclose()


def part_of(step: StepService, settings: Settings, clock: DatabaseClock) -> Part:
    """The step's part in the journeys, as its settings have it."""
    return Part(
        service=step,
        rules=settings.rules_of(step.name, step.rules),
        now=clock,
        seconds_for=lambda row: settings.step_timeout(row.name, row.timeout_seconds),
        prefix=settings.prefix,
        outside=_outside_url(step, settings) is not None,
        limits=Limits(
            grace=settings.step_grace_seconds,
            lease=settings.call_timeout_seconds * 3 + 5,
            retry_base=settings.retry_base_seconds,
            retry_cap=settings.retry_cap_seconds,
            undo=settings.undo_hours * 3600,
            request_life=settings.call_timeout_seconds * 2,
        ),
        chance=random.random,
    )


def _outside_url(step: StepService, settings: Settings) -> str | None:
    return settings.url_of(step.name) if step.outside_no else None


def _outside(step: StepService, settings: Settings) -> HttpOutside | None:
    url = _outside_url(step, settings)
    if url is None or step.outside_no is None:
        return None
    client = http_client(
        settings.api_key_of(step.name), settings.call_timeout_seconds, settings.calls_max
    )
    return HttpOutside(client, url, step.name, step.outside_no)
