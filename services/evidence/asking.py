"""`why_id`: why the saga of an id stands where it stands, also where nobody can show the saga."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from saga_state.document import Saga
from saga_state.why.answer import Answer
from saga_state.why.blind import not_projected, without_database
from saga_state.why.facts import Unknown
from saga_state.why.services import PROJECTION, not_running
from services.evidence.gather import why_sagas
from services.evidence.log import LogFacts
from services.evidence.sources import Sources, parts, reason_of
from services.evidence.system import Signs, pages_of, signs_of, world_of
from services.runtime.mongo import refused, transient
from services.runtime.settings import SettingsError
from services.steps import step_names

MOST_SAGAS = 50


@dataclass(frozen=True, slots=True)
class Told:
    """The answer about the newest saga of an id, and all that the id stands for."""

    answer: Answer
    sagas: Sequence[Saga] = ()


async def why_id(sources: Sources, tenant_id: str, text: str) -> Told | None:
    """By saga, partner or correlation id; None: nobody knows such a saga.

    SettingsError if MongoDB refuses us.
    """
    try:
        async with asyncio.timeout(sources.seconds):
            store = sources.store
            now, sagas = await asyncio.gather(store.now(), store.find(tenant_id, text, MOST_SAGAS))
    except Exception as error:
        if (line := refused(error)) is not None:
            raise SettingsError(line) from None
        if not isinstance(error, TimeoutError) and not transient(error):
            raise
        return Told(await _without_database(sources, tenant_id, text, error))
    if sagas:
        return Told((await why_sagas(sources, sagas[:1], now))[0], sagas)
    answer = await _known_to_steps(sources, tenant_id, text, now)
    return Told(answer) if answer else None


async def why_noted(sources: Sources, tenant_id: str, saga_id: str) -> Answer:
    """Of a saga whose start is known to be in the log, and of which nobody has read yet."""
    now = datetime.now(UTC)
    signs = await signs_of(sources, [PROJECTION], [], now)
    world = world_of(sources.settings, now, LogFacts(), signs)
    return not_projected(saga_id, tenant_id, {}, world, "whose start is in the log")


async def why_not_shown(sources: Sources) -> str | None:
    """Why the projection may not show what was started lately, if that is known."""
    now = datetime.now(UTC)
    signs = await signs_of(sources, [PROJECTION], [], now)
    projection = world_of(sources.settings, now, LogFacts(), signs).service(PROJECTION)
    dead = not_running(projection, now, "what was started lately is not shown")
    return dead.sentence if dead else None


async def _without_database(
    sources: Sources, tenant_id: str, text: str, error: Exception
) -> Answer:
    pages = await pages_of(sources)
    signs = Signs({name: Unknown("no database") for name in step_names()}, {}, {}, pages)
    now, why = datetime.now(UTC), reason_of(error, sources.seconds)
    world = world_of(sources.settings, now, LogFacts(), signs)
    return without_database(text, tenant_id, why, world)


async def _known_to_steps(
    sources: Sources, tenant_id: str, saga_id: str, now: datetime
) -> Answer | None:
    """By the saga id only: step documents have no index of other ids."""
    reading = {step: sources.store.documents(step, [saga_id]) for step in step_names()}
    found = await parts(reading, sources.seconds)
    known = {step: some for step, some in found.items() if not isinstance(some, Unknown)}
    mine = {
        step: one
        for step, some in known.items()
        if (one := some.get(saga_id)) is not None and one["tenant_id"] == tenant_id
    }
    if not mine:
        return None
    signs = await signs_of(sources, [PROJECTION], [], now)
    world = world_of(sources.settings, now, LogFacts(), signs)
    return not_projected(saga_id, tenant_id, mine, world)
