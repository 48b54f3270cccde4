"""One saga that waits, seen from the step that must act: what all causes are told from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.journey import Journey
from contracts.step_document import StepDocument
from contracts.topics import event_topic
from saga_state.why.commands import tenant_words
from saga_state.why.facts import Case, Process, Service, Unknown, World
from saga_state.why.place import Stage, Trigger, is_undoing, stage_of, state_of, trigger_of

FRESH = timedelta(seconds=5)  # so long an event may be on its way, and nothing is wrong


@dataclass(frozen=True, slots=True)
class View:
    """`acts` is the step that must do or undo. `stage` None: its document is not known."""

    case: Case
    world: World
    acts: str
    undoing: bool
    document: StepDocument | None
    stage: Stage | None
    trigger: Trigger | None

    @property
    def service(self) -> Service:
        return self.world.service(self.acts)

    @property
    def living(self) -> Sequence[Process]:
        found = self.service.processes
        return () if isinstance(found, Unknown) else [one for one in found if one.alive]

    @property
    def owners(self) -> Sequence[Process]:
        """Who reads the partition in which the event stands."""
        place = self.trigger.place if self.trigger else None
        return [one for one in self.living if place in one.partitions]

    @property
    def before(self) -> int | None:
        """How many records the group has still to read until it has this event; None: unknown."""
        stands = self.service.stands
        if self.trigger is None or isinstance(stands, Unknown):
            return None
        return max(0, self.trigger.offset + 1 - stands.get(self.trigger.place, 0))

    @property
    def waited(self) -> timedelta:
        """Since the event that it must answer; since the last one, if that is not known."""
        since = self.trigger.at if self.trigger else self.case.saga["updated_at"]
        return max(self.world.now - since, timedelta(0))

    @property
    def is_fresh(self) -> bool:
        return self.waited < FRESH

    @property
    def due_at(self) -> datetime | None:
        """When the step fails itself, or is expected to have answered; an undo has hours."""
        if self.undoing:
            return None
        own = self.document.get("deadline_at") if self.document else None
        return own or self.case.saga["due_at"]

    @property
    def watch(self) -> tuple[str, datetime] | None:
        """The step before it, which gives it up, and when it begins to doubt it."""
        documents, journey = self.case.documents, self._journey
        before = journey.before(self.acts) if journey and not self.undoing else None
        if before is None or isinstance(documents, Unknown):
            return None
        document = documents.get(before.name)
        at = document.get("watch_at") if document else None
        return (before.name, at) if at else None

    @property
    def says(self) -> str | None:
        """The topic on which its answer is to be."""
        journey = self._journey
        row = journey.step(self.acts) if journey else None
        if row is None:
            return None
        name = "CompensationCompleted" if self.undoing else row.says
        return event_topic(name, self.world.prefix)

    @property
    def tenant(self) -> str:
        """The option that commands need to find the saga."""
        return tenant_words(self.case.saga)

    @property
    def _journey(self) -> Journey | None:
        saga = self.case.saga
        return self.world.journeys.get((saga["journey"], saga["journey_version"]))


def view_of(case: Case, world: World) -> View | None:
    """None if no step must act: the saga has ended, or its journey is not known here."""
    saga, acts = case.saga, case.saga["current_step"]
    if acts is None:
        return None
    undoing, state = is_undoing(saga), state_of(saga, acts)
    trigger = trigger_of(saga, acts, world.prefix, world.journeys)
    documents = case.documents
    if isinstance(documents, Unknown):
        return View(case, world, acts, undoing, None, None, trigger)
    document = documents.get(acts)
    parked = state["parked"] if state else None
    asked = parked is not None and parked["asked"] is not None
    stage = stage_of(document, undoing, asked)
    return View(case, world, acts, undoing, document, stage, trigger)
