"""Sagas of a world captured: what the projection and the step documents tell of them, as acts."""

from collections.abc import Sequence

from saga_told import by_saga, events, projected

from saga_state.document import StoredEvent
from saga_state.event_words import in_time
from saga_state.records import stored_form
from services.cli.capture.captured import Captured
from services.cli.capture.command import differs
from services.cli.capture.playing import Played, play
from services.cli.capture.recording import captured
from services.cli.replaced_values import Replacing
from services.registration.rules import RegistrationRules
from services.runtime.document_form import to_form
from services.runtime.step import StepService
from services.runtime.world import World
from services.steps import all_steps

HOW = Replacing(b"a key of tests", RegistrationRules().denied_email_domains)


def recorded(world: World, saga: str) -> Played:
    """How it stands in the projection."""
    return Played(projected(world)[saga], None)


def stored(world: World, saga: str) -> list[StoredEvent]:
    """The events as the projection keeps them: one per identity."""
    found: dict[str, StoredEvent] = {}
    for event in by_saga(events(world))[saga]:
        form = stored_form(event, event.time)
        found.setdefault(form["_id"], form)
    return in_time(found.values())


def forms(world: World, saga: str) -> dict[str, dict]:
    kept = {
        name: worker.delivery.store.documents.get(saga) for name, worker in world.workers.items()
    }
    return {name: {**to_form(one), "_id": saga} for name, one in kept.items() if one is not None}


def capture(world: World, saga: str, how: Replacing | None = HOW) -> Captured:
    document = projected(world)[saga]
    return captured(document, stored(world, saga), forms(world, saga), all_steps(), {}, how)


async def lost(world: World, saga: str, steps: Sequence[StepService] | None = None) -> str | None:
    """What the captured test of it would find wrong: None, or what does not happen again."""
    return differs(await play(capture(world, saga), steps), recorded(world, saga))
