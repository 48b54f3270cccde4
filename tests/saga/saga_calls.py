"""Sagas whose step is calling its outside system, and what that answers in the end."""

from saga_played import new_world, platform, platforms, saga_of, start
from saga_told import in_order

from services.runtime.document import Document
from services.runtime.memory import MemoryOutside
from services.runtime.part import Limits
from services.runtime.step import Rejected
from services.runtime.world import World

SAGA = saga_of("a")
NO = Rejected("PLATFORM_SAID_NO", "The platform said no.")
LEASE_SECONDS = 90.0
F = "PartnerOnboardingFailed"


async def calling(step: str, *replies: object) -> tuple[World, MemoryOutside]:
    """The step has recorded its intent; its call is held back, and will be answered so."""
    world = new_world(outside=platforms(), limits=Limits(lease=LEASE_SECONDS))
    held, world.workers[step].outside = platform(world, step), None
    held.replies[SAGA] = list(replies)
    await world.publish(start("a"))
    await world.run()
    assert document(world, step).state == "pending"
    return world, held


async def answered(world: World, step: str, held: MemoryOutside) -> None:
    """The call comes through, and all that follows from it."""
    world.workers[step].outside = held
    await world.run()


def document(world: World, step: str) -> Document:
    return world.workers[step].delivery.store.documents[SAGA]


def failures(world: World, step: str) -> list[str]:
    """The codes of the failures that this step itself said."""
    own = (e for e in in_order(world, SAGA) if e.name == F and e.source == f"/services/{step}")
    return [event.data.code for event in own]
