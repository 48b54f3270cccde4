"""Whole sagas in the in-memory world: what producers and persons send, and how a world is played."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import orjson

from contracts import ids
from contracts.envelope import Message
from contracts.topics import event_topic
from services.runtime.memory import MemoryOutside
from services.runtime.outside import Outside
from services.runtime.part import Limits
from services.runtime.step import Done, StepService
from services.runtime.world import World
from services.steps import all_steps

START = "PartnerOnboardingInitiated"
ONBOARDING, CREATION = "partner-onboarding", "partner-creation"
OUTER = ("documents", "campaigns", "recruitment")
NUMBERED = {
    "registration": ("PartnerRegistrationCompleted", "partner", "partner_id"),
    "contract": ("ContractCreated", "contract", "number"),
    "documents": ("DocumentsVerified", "package", "number"),
    "campaigns": ("CampaignsEnabled", "campaign_account", "number"),
    "recruitment": ("RecruitmentSetupCompleted", "workspace", "number"),
}
LONGER_THAN_ANY_PAUSE_SECONDS = 61.0


class Clock:
    """Another millisecond each time, so that whatever is made twice differs."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time

    def go_on(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


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
    return by_hand(START, name, body, ce_journey=journey)


def request(
    name: str, failed_step: str | None = None, journey: str = ONBOARDING, **headers: str | None
) -> Message:
    """What a person sends to have the saga of that start undone; a header None is left out."""
    body = {
        "failed_step": failed_step,
        "code": "REQUESTED",
        "reason": "The partner has left.",
        "requested_by": "ops-1",
    }
    given = {"ce_sagaid": saga_of(name, journey), "ce_journey": journey, **headers}
    return by_hand("CompensationRequested", f"undo-{name}-{failed_step}", body, **given)


def by_hand(name: str, event_id: str, body: Any, **headers: str | None) -> Message:
    """A message with what it must have, and nothing else."""
    given: dict[str, str | None] = {
        "ce_type": f"com.hexabuilders.onboarding.{name}.v1",
        "ce_id": event_id,
        "ce_source": "/producers/crm",
        **headers,
    }
    pairs = tuple((key, text.encode()) for key, text in given.items() if text is not None)
    return Message(event_id, event_topic(name), event_id.encode(), orjson.dumps(body), pairs)


def saga_of(name: str, journey: str = ONBOARDING) -> str:
    return ids.saga_id("default", journey, "/producers/crm", name)


def new_world(
    steps: Iterable[StepService] | None = None,
    outside: Mapping[str, Outside] | None = None,
    limits: Limits | None = None,
) -> World:
    """A clock that starts on 1 March 2026, and nothing said; `outside` by the name of its step."""
    known = all_steps() if steps is None else steps
    return World(known, Clock(), outside=outside, limits=limits)


async def played(*sent: Message, outside: Mapping[str, Outside] | None = None) -> World:
    """In turn, each service reading all there is."""
    world = new_world(outside=outside)
    await world.publish(*sent)
    await world.run()
    return world


def platforms() -> dict[str, MemoryOutside]:
    """An outside system for each step that may have one."""
    return {step: MemoryOutside() for step in OUTER}


def go_on(world: World, seconds: float) -> None:
    """Time passes."""
    clock = world.workers["registration"].delivery.part.now
    assert isinstance(clock, Clock)
    clock.go_on(seconds)


async def rest(world: World) -> None:
    """Time passes, slowly at first, and everybody works, until nothing is left to do."""
    await world.run()
    for pause in (*[0.5] * 20, *[LONGER_THAN_ANY_PAUSE_SECONDS] * 200):
        go_on(world, pause)
        due = await world.sweep()
        if not due and pause == LONGER_THAN_ANY_PAUSE_SECONDS:
            return
        await world.run()
    raise AssertionError("there is always something left to do")


def platform(world: World, step: str) -> MemoryOutside:
    """The outside system of a step."""
    outside = world.workers[step].outside
    assert isinstance(outside, MemoryOutside)
    return outside


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
