"""`why_sagas`: gathers what `why` is told of some sagas, everything at once, and explains them."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from contracts.step_document import StepDocument
from contracts.topics import dead_letter_topic
from saga_state.document import Saga
from saga_state.said import TIMEOUT
from saga_state.status import ENDED
from saga_state.why.answer import Answer
from saga_state.why.explain import explain
from saga_state.why.facts import Case, Letter, Unknown, World
from saga_state.why.place import Trigger, trigger_of
from saga_state.why.services import PROJECTION
from saga_state.why.view import View, view_of
from services.evidence.letters import letters_for
from services.evidence.log import Asked, LogFacts, look
from services.evidence.sources import Sources, parts
from services.evidence.system import signs_of, world_of

RATED = timedelta(seconds=60)
Documents = Mapping[str, Mapping[str, StepDocument] | Unknown]  # by step, then by saga
Waits = Mapping[str, Mapping[str, Trigger]]  # by step, then by saga


async def why_sagas(sources: Sources, sagas: Sequence[Saga], now: datetime) -> list[Answer]:
    """Why each of these, of one tenant, stands where it stands, in their order; `now` is the
    database's time."""
    blank = World(now, prefix=sources.settings.prefix)
    views = [view for saga in sagas if (view := view_of(Case(saga), blank)) is not None]
    acting = {view.acts for view in views}
    documents, log, signs = await asyncio.gather(
        _documents(sources, sagas),
        _log(sources, sagas, views, now),
        signs_of(sources, _services(sagas) | acting, acting, now, _tenant(sagas)),
    )
    world = world_of(sources.settings, now, log, signs)
    cases = [Case(saga, _of_saga(documents, saga)) for saga in sagas]
    letters = await _letters(sources, cases, world)
    found = [replace(case, letter=letters.get(case.saga["_id"])) for case in cases]
    return [explain(case, world) for case in found]


def _tenant(sagas: Sequence[Saga]) -> str:
    return next((saga["tenant_id"] for saga in sagas), "")


def _services(sagas: Sequence[Saga]) -> set[str]:
    """Of a saga that was undone any step may have left something."""
    undone = (saga for saga in sagas if saga["status"] in ENDED - {"COMPLETED"})
    return {PROJECTION, *(step["step"] for saga in undone for step in saga["steps"])}


async def _documents(sources: Sources, sagas: Sequence[Saga]) -> Documents:
    """Of every step that has a part in one of them."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for saga in sagas:
        for step in saga["steps"]:
            wanted[step["step"]].append(saga["_id"])
    reading = {step: sources.store.documents(step, ids) for step, ids in wanted.items()}
    return await parts(reading, sources.seconds)


def _of_saga(documents: Documents, saga: Saga) -> Mapping[str, StepDocument | None] | Unknown:
    found: dict[str, StepDocument | None] = {}
    for step in (one["step"] for one in saga["steps"]):
        of_step = documents[step]
        if isinstance(of_step, Unknown):
            return of_step
        found[step] = of_step.get(saga["_id"])
    return found


async def _log(
    sources: Sources, sagas: Sequence[Saga], views: Sequence[View], now: datetime
) -> LogFacts:
    """Of a saga that has ended at most a dead letter is of interest."""
    if not views and not any(_timed_out(saga) for saga in sagas):
        return LogFacts()
    waits: dict[str, list[Trigger]] = defaultdict(list)
    for view in views:
        waits[view.acts] += [view.trigger] if view.trigger else []
    says = frozenset(view.says for view in views if view.says is not None)
    asked = Asked(waits, says, now, _since(waits, now))
    return await look(sources.settings, asked, sources.seconds)


def _since(waits: Mapping[str, Sequence[Trigger]], now: datetime) -> datetime:
    """A service that has not come to an event was busy ever since it was said: what it did since
    then tells how fast it is; no more than the last minute counts."""
    said = (one.at for some in waits.values() for one in some)
    return max(min(said, default=now), now - RATED)


async def _letters(
    sources: Sources, cases: Sequence[Case], world: World
) -> dict[str, Letter | Unknown]:
    """By saga. Looked for where a letter may be, on topics that are there."""
    settings, missing = sources.settings, world.missing_topics
    if isinstance(missing, Unknown):
        return {}
    waits = {
        step: some
        for step, some in _waits(cases, world).items()
        if dead_letter_topic(step, settings.prefix) not in missing
    }
    reading = {step: letters_for(settings, step, some) for step, some in waits.items()}
    found: dict[str, Letter | Unknown] = {}
    for step, letters in (await parts(reading, sources.seconds)).items():
        if isinstance(letters, Unknown):
            found |= dict.fromkeys(waits[step], letters)
        else:
            found |= letters
    return found


def _waits(cases: Sequence[Case], world: World) -> Waits:
    """Where a step has read past its event and keeps nothing of it, and where its time ran out."""
    found: dict[str, dict[str, Trigger]] = defaultdict(dict)
    for case in cases:
        step, trigger = _wait_of(case, world)
        if trigger is not None:
            found[step][case.saga["_id"]] = trigger
    return found


def _wait_of(case: Case, world: World) -> tuple[str, Trigger | None]:
    view, saga = view_of(case, world), case.saga
    if view is not None:
        passed = view.stage == "not heard" and view.before == 0
        return view.acts, view.trigger if passed else None
    step = _timed_out(saga)
    return step or "", trigger_of(saga, step, world.prefix, world.journeys) if step else None


def _timed_out(saga: Saga) -> str | None:
    """The step whose time ran out, of a saga that has ended."""
    failure = saga["failure"]
    is_it = failure is not None and failure["code"] == TIMEOUT and saga["status"] in ENDED
    return failure["step"] if failure is not None and is_it else None
