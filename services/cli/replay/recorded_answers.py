"""What a step is not the master of, answered as is recorded: outside systems, what others hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from contracts.envelope import Event
from services.cli.replay.recorded import Recorded
from services.runtime.document import Document
from services.runtime.memory import MemoryStore
from services.runtime.outside import Later, Reply
from services.runtime.protocol import row_of
from services.runtime.saying import TIMEOUT
from services.runtime.step import Done, Effects, StepService
from services.runtime.world import Worker

ANOTHER = "another saga"


@dataclass(slots=True)
class RecordedOutside:
    """An outside system that answers as is recorded; `is_on_course`: whether all has come out as
    recorded so far."""

    recorded: Recorded
    step: StepService
    assumed: set[str]
    is_on_course: Callable[[], bool]

    async def do(self, _saga_id: str, _body: Mapping[str, Any], /) -> Reply:
        refusal, no = self.recorded.refusal_of(self.step.name), self.step.outside_no
        if self.recorded.met_bugs_outside(self.step.name):
            return "bug"
        if refusal is None:
            name, recorded = self.step.name, self.recorded
            if recorded.decided_at(name) is None and not recorded.undid_unheard(name):
                self.assumed.add(self.step.name)
            return "yes"
        if refusal[0] == TIMEOUT:
            return Later("as recorded")
        if no is not None and refusal == (no.code, no.reason):
            return no
        self.assumed.add(self.step.name)  # its rules said no then, and nobody was asked
        return "yes"

    async def undo(self, _saga_id: str, /) -> Reply:
        unanswered = self.recorded.undone_at(self.step.name) is None
        return Later("as recorded") if unanswered and self.is_on_course() else "yes"


def hold_again(worker: Worker, event: Event, recorded: Recorded, now: datetime) -> None:
    """What another saga held when this one asked for it is held by another again."""
    part, context = worker.delivery.part, event.context
    refusal = recorded.refusal_of(part.name)
    codes = {no.code: key for key, no in part.service.taken.items()}
    key, journey = codes.get(refusal[0]) if refusal else None, part.journey_of(context)
    if key is None or journey is None or row_of(event, part, journey) != "do":
        return
    outcome = part.service.handler(event.data, Effects(now, context, part.rules))
    if isinstance(outcome, Done) and key in outcome.holds:
        other, held = replace(context, saga_id=ANOTHER), {key: outcome.holds[key]}
        store_of(worker).documents[ANOTHER] = Document(other, "done", now, holds=held)


def store_of(worker: Worker) -> MemoryStore:
    """The step documents of a worker of the world in memory."""
    store = worker.delivery.store
    assert isinstance(store, MemoryStore)
    return store
