"""What may go wrong in a schedule: crashes in the middle of things, and sagas set aside."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from saga_played import by_hand

from contracts.envelope import Message
from contracts.topics import dead_letter_topic
from services.runtime.document import Document
from services.runtime.memory import MemoryOutside
from services.runtime.step import StepService
from services.runtime.world import Worker, World


class CrashError(Exception):
    """The process ends here."""


@dataclass(frozen=True)
class Mishaps:
    """How often each may happen. A sweep comes after a pause of any length up to a minute; a call
    that lands late has long been given up by the step; the clock jumps either way by up to a
    day."""

    falls_back: int = 6
    crashes: int = 0
    sweeps: int = 0
    outages: int = 0
    visits: int = 0
    late_calls: int = 0
    jumps: int = 0


class CrashingPort:
    """The log or the store of a worker: gives way to others at each call, and may crash in the
    middle of a write or a publish, as long as `left` has crashes."""

    def __init__(self, port: Any, left: Counter[str], chance: random.Random) -> None:
        self.port, self.left, self.chance = port, left, chance

    @property
    def documents(self) -> Any:
        return self.port.documents

    def __getattr__(self, name: str) -> Any:
        async def slowly(*arguments: Any) -> Any:
            await asyncio.sleep(0)
            if name in ("write", "publish") and arguments[0]:
                await self._perhaps_crash(name, *arguments)
            return await getattr(self.port, name)(*arguments)

        return slowly

    async def _perhaps_crash(self, name: str, several: Sequence[Any], *rest: Any) -> None:
        if self.left["crashes"] and self.chance.random() < 0.15:
            self.left["crashes"] -= 1
            some = several[: self.chance.randint(0, len(several))]
            await getattr(self.port, name)(some, *rest)
            raise CrashError


async def attend_to_parked(world: World, worker: Worker, chance: random.Random) -> int:
    """A person asks for new attempts at all that the service has set aside, or has undone it by
    hand; returns how many."""
    documents = worker.delivery.store.documents.values()
    parked = [one for one in documents if one.state.endswith("parked")]
    for one in parked:
        is_done = one.state == "undo_parked" and chance.random() < 0.5
        if is_done and isinstance(worker.outside, MemoryOutside):
            await _undo_by_hand(worker.outside, one.context.saga_id)
        await world.publish(
            _wish("ResolveRequested" if is_done else "RedriveRequested", worker, one)
        )
    return len(parked)


async def _undo_by_hand(outside: MemoryOutside, saga: str) -> None:
    answers = outside.replies.pop(saga, [])
    await outside.undo(saga)
    outside.replies[saga] = answers


def _wish(name: str, worker: Worker, one: Document) -> Message:
    step, context = worker.delivery.part.name, one.context
    body = {"step": step, "reason": "It is repaired.", "requested_by": "ops-1"}
    headers = {"ce_sagaid": context.saga_id, "ce_journey": context.journey_label}
    wish = by_hand(name, f"{name}-{step}-{context.saga_id}-{one.revision}", body, **headers)
    return replace(wish, topic=dead_letter_topic(step))


def stumbling(step: StepService, bugs: Counter[tuple[str, str]]) -> StepService:
    """The step with a bug: by saga and step, how often it still raises."""

    def handler(data: Any, effects: Any) -> Any:
        own = effects.context.saga_id, step.name
        if bugs[own]:
            bugs[own] -= 1
            raise ValueError("a bug")
        return step.handler(data, effects)

    return replace(step, handler=handler)
