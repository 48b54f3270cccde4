"""What may go wrong in a schedule: crashes in the middle of things, and sagas set aside."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from saga_played import by_hand

from contracts.topics import dead_letter_topic
from services.runtime.world import Worker, World


class CrashError(Exception):
    """The process ends here."""


@dataclass(frozen=True)
class Mishaps:
    """How often each may happen. A sweep comes after a pause of any length up to a minute; a call
    that lands late has long been given up by the step."""

    falls_back: int = 6
    crashes: int = 0
    sweeps: int = 0
    outages: int = 0
    redrives: int = 0
    late_calls: int = 0


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


async def redrive_parked(world: World, worker: Worker) -> int:
    """A person asks for new attempts at all that the service has set aside; returns how many."""
    documents = worker.delivery.store.documents.values()
    parked = [one for one in documents if one.state.endswith("parked")]
    step = worker.delivery.part.name
    for one in parked:
        body = {"step": step, "reason": "It is repaired.", "requested_by": "ops-1"}
        headers = {"ce_sagaid": one.context.saga_id, "ce_journey": one.context.journey_label}
        event_id = f"{step}-{one.context.saga_id}-{one.revision}"
        wish = by_hand("RedriveRequested", event_id, body, **headers)
        await world.publish(replace(wish, topic=dead_letter_topic(step)))
    return len(parked)
