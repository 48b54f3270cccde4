"""Whole sagas in the in-memory world: starts, what came of them, and schedules of all kinds."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import orjson

from contracts import ids
from contracts.envelope import Event, Message, Record
from contracts.events import event_names
from contracts.poison import PoisonError
from contracts.topics import event_topic
from saga_state.document import Saga
from saga_state.partner_hash import partner_hash
from saga_state.state import fold
from services.runtime.delivery import deliver
from services.runtime.step import Done, StepService
from services.runtime.world import Worker, World
from services.steps import all_steps

hash_of = partial(partner_hash, b"a key of tests")
START = "PartnerOnboardingInitiated"
ONBOARDING, CREATION = "partner-onboarding", "partner-creation"
NUMBERED = {
    "registration": ("PartnerRegistrationCompleted", "partner", "partner_id"),
    "contract": ("ContractCreated", "contract", "number"),
    "documents": ("DocumentsVerified", "package", "number"),
    "campaigns": ("CampaignsEnabled", "campaign_account", "number"),
    "recruitment": ("RecruitmentSetupCompleted", "workspace", "number"),
}


class Clock:
    """Another millisecond each time, so that whatever is made twice differs."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time


def start(name: str, journey: str = ONBOARDING, **partner_data: Any) -> Message:
    """A start as a producer sends it; a value `...` leaves the field out."""
    data = {
        "nombre": "TechSolutions Inc",
        "email": f"{name}@techsolutions.com",
        "telefono": "+1234567890",
        "tipo_partner": "EMPRESA",
        "preferred_contract_type": "PREMIUM",
        **partner_data,
    }
    body = {"partner_data": {key: value for key, value in data.items() if value is not ...}}
    headers = {
        "ce_type": f"com.hexabuilders.onboarding.{START}.v1",
        "ce_id": name,
        "ce_source": "/producers/crm",
        "ce_journey": journey,
    }
    pairs = tuple((key, text.encode()) for key, text in headers.items())
    return Message(name, event_topic(START), name.encode(), orjson.dumps(body), pairs)


def saga_of(name: str, journey: str = ONBOARDING) -> str:
    return ids.saga_id("default", journey, "/producers/crm", name)


def new_world(steps: Iterable[StepService] | None = None) -> World:
    return World(all_steps() if steps is None else steps, Clock())


async def played(*starts: Message) -> World:
    """In turn, each service reading all there is."""
    world = new_world()
    await world.publish(*starts)
    await world.run()
    return world


def events(world: World) -> list[Event]:
    """All events of all topics, duplicates too, topic by topic."""
    topics = [event_topic(name) for name in event_names()]
    found = []
    for record in (record for topic in topics for record in world.log.records(topic)):
        try:
            found.append(world.reader.read(record))
        except PoisonError:
            continue
    return found


def by_saga(all_events: Iterable[Event]) -> dict[str, list[Event]]:
    sagas: dict[str, list[Event]] = defaultdict(list)
    for event in all_events:
        sagas[event.context.saga_id].append(event)
    return sagas


def projected(world: World) -> dict[str, Saga]:
    """The documents of all sagas, told from the topics."""
    return {saga: fold(None, heard, hash_of) for saga, heard in by_saga(events(world)).items()}


def said(world: World, saga: str) -> list[str]:
    """What was said of a saga, each once, in the order in which the log took it."""
    heard = sorted(by_saga(events(world))[saga], key=lambda event: event.record.timestamp_ms)
    return list(dict.fromkeys(event.name for event in heard if event.name != START))


def bodies(world: World) -> dict[tuple[str, str], set[tuple[bytes | None, Any]]]:
    """By identity what was said under it: bodies with their headers (I3)."""
    found: dict[tuple[str, str], set[tuple[bytes | None, Any]]] = defaultdict(set)
    for event in events(world):
        headers = tuple(event.record.headers)
        found[event.source, event.event_id].add((event.record.value, headers))
    return found


def dead_letters(world: World) -> dict[tuple[str, int, int], str]:
    """By coordinates of what could not be read: its error class."""
    found = {}
    for worker in world.workers.values():
        topic = f"onboarding.{worker.delivery.part.service.name}.dlq"
        for record in world.log.records(topic):
            told = {name: text.decode() for name, text in record.headers if name.startswith("dlq_")}
            place = (told["dlq_topic"], int(told["dlq_partition"]), int(told["dlq_offset"]))
            found[place] = told["dlq_error_class"]
    return found


def restless(step: StepService) -> StepService:
    """The step with another number at every decision: to decide twice is to be seen twice."""
    numbers = count(1)

    def handler(data: Any, effects: Any) -> Any:
        outcome = step.handler(data, effects)
        if not isinstance(outcome, Done):
            return outcome
        _, fact, field = NUMBERED[step.name]
        another = getattr(outcome.says, fact).model_copy(
            update={field: f"{step.name}-{next(numbers)}"}
        )
        return replace(outcome, says=outcome.says.model_copy(update={fact: another}))

    return replace(step, handler=handler)


def effects_of(world: World) -> dict[tuple[str, str], set[str]]:
    """By saga and step the numbers that were told on the topics (I2)."""
    step_of = {name: step for step, (name, _, _) in NUMBERED.items()}
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for event in events(world):
        step = step_of.get(event.name)
        if step:
            _, fact, field = NUMBERED[step]
            found[event.context.saga_id, step].add(event.body[fact][field])
    return found


class Schedule:
    """Delivers in an order that chance chooses: batches of any size and mixed of any partitions,
    some of them twice, and services that fall back to what they have read before."""

    def __init__(self, world: World, chance: random.Random, falls_back: int = 6) -> None:
        self.world, self.chance, self.falls_back = world, chance, falls_back
        self.batches: Counter[str] = Counter()

    async def run(self) -> None:
        while waiting := [(worker, self._unread(worker)) for worker in self._workers()]:
            waiting = [(worker, unread) for worker, unread in waiting if unread]
            if not waiting and not self._fall_back():
                return
            if waiting:
                await self._turn(*self.chance.choice(waiting))

    def _workers(self) -> Sequence[Worker]:
        return list(self.world.workers.values())

    def _unread(self, worker: Worker) -> list[tuple[str, int]]:
        return [
            (topic, partition)
            for topic in worker.topics
            for partition in range(self.world.log.partitions)
            if len(self.world.log.topics[topic][partition])
            > worker.positions.get((topic, partition), 0)
        ]

    async def _turn(self, worker: Worker, unread: list[tuple[str, int]]) -> None:
        taken: list[list[Record]] = []
        for topic, partition in self.chance.sample(unread, self.chance.randint(1, len(unread))):
            start = worker.positions.get((topic, partition), 0)
            records = self.world.log.topics[topic][partition][start:]
            records = records[: self.chance.randint(1, len(records))]
            worker.positions[topic, partition] = start + len(records)
            taken.append(records)
        batch = self._mixed(taken)
        for _ in range(self.chance.choice((1, 1, 2))):
            await deliver(worker.delivery, batch)
            self.batches[worker.delivery.part.service.name] += 1

    def _mixed(self, taken: list[list[Record]]) -> list[Record]:
        """Of several partitions in any order, of one in its own."""
        batch: list[Record] = []
        while taken := [records for records in taken if records]:
            batch.append(self.chance.choice(taken).pop(0))
        return batch

    def _fall_back(self) -> bool:
        """One worker reads from an earlier place again, with an empty memory of marks."""
        if not self.falls_back:
            return False
        self.falls_back -= 1
        worker = self.chance.choice(self._workers())
        for place, position in worker.positions.items():
            worker.positions[place] = self.chance.randint(0, position)
        worker.delivery.sent.clear()
        return True
