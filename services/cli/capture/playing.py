"""Plays a captured saga again: each step hears and meets what it did, and decides anew.

A step hears the events that made it say what it said, no more, in the order of the record. As long
as the code says the same, the record is followed; where it says something else, it departs from it
there, and everybody who was alive goes on until nothing is left to do.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import orjson

from contracts.envelope import Message, binary, source_of
from contracts.events import CompensationRequested, PartnerOnboardingInitiated
from contracts.operator import RedriveRequested, ResolveRequested
from contracts.topics import dead_letter_topic, event_topic
from saga_state.document import Saga
from services.cli.capture.captured import (
    FAILED,
    PARKED,
    PERSON,
    REQUESTED,
    TIMEOUT,
    UNDONE,
    Act,
    Captured,
    Key,
)
from services.cli.capture.stage import LATER, MOST_ROUNDS, UNDOING, Answering, Stage, staged
from services.runtime.outside import Reply
from services.runtime.step import Rejected, StepService
from services.runtime.undoing import UNDO_IS_OVER
from services.steps import all_steps

START = PartnerOnboardingInitiated.__name__
SOURCE = "/captured"
_MODELS = {
    model.__name__: model for model in (CompensationRequested, RedriveRequested, ResolveRequested)
}


@dataclass(frozen=True, slots=True)
class Played:
    """What became of it. `departed`: what was recorded and not said again; None: all was."""

    saga: Saga
    departed: str | None

    @property
    def status(self) -> str:
        return self.saga["status"]

    @property
    def failure(self) -> str | None:
        """`documents: DOCUMENT_EXPIRED`."""
        failure = self.saga["failure"]
        return f"{failure['step']}: {failure['code']}" if failure else None

    @property
    def steps(self) -> dict[str, str]:
        """The states of the steps."""
        return {one["step"]: one["state"] for one in self.saga["steps"]}


def played(captured: Captured) -> Played:
    """As it was recorded, up to the last event of the record."""
    return asyncio.run(play(captured))


def played_on(captured: Captured) -> Played:
    """As it was recorded, and then until nothing is left to do."""
    return asyncio.run(play_on(captured))


async def play(captured: Captured, steps: Sequence[StepService] | None = None) -> Played:
    """See `played`; with other steps than those that are here."""
    stage = await _begin(captured, steps)
    departed = await _follow(stage, captured)
    if departed is None:
        await stage.go_on(down=[*captured.dead, *captured.silent])
    else:
        await stage.rest(down=captured.dead)
    return Played(stage.saga(), departed)


async def play_on(captured: Captured, steps: Sequence[StepService] | None = None) -> Played:
    """See `played_on`; with other steps than those that are here."""
    stage = await _begin(captured, steps)
    departed = await _follow(stage, captured)
    await stage.rest(down=captured.dead)
    return Played(stage.saga(), departed)


async def _begin(captured: Captured, steps: Sequence[StepService] | None) -> Stage:
    """With `taken`, somebody else was onboarded before with the same data."""
    known = all_steps() if steps is None else steps
    others = [_start(captured, "somebody-else")] if captured.taken else []
    return await staged(captured, known, _start(captured, "captured"), others)


async def _follow(stage: Stage, captured: Captured) -> str | None:
    """The first act that the code does not do any more; None: it does all of them."""
    started, wanted = datetime.fromisoformat(captured.started_at), Counter[Key]()
    for number, act in enumerate(captured.acts):
        stage.clock.to(started + timedelta(seconds=act.seconds))
        wanted[act.key] += 1
        if act.by == PERSON:
            await stage.world.publish(_of_person(stage, act, number))
            continue
        if answering := stage.outside.get(act.by):
            _answer(answering, act, captured.acts[number:])
        if not await _let(stage, act, wanted[act.key]):
            return str(act)
    return None


async def _let(stage: Stage, act: Act, count: int) -> bool:
    """Let the step say it; whether it does."""
    if act.by not in stage.world.workers:
        return False
    if stage.said()[act.key] >= count:
        return True
    await stage.hear(act.by, _topics(stage, act))
    for _ in range(MOST_ROUNDS):
        if stage.said()[act.key] >= count:
            return True
        if (time := _due(stage, act)) is None:
            return False
        await stage.at(act.by, time)
    return False


def _topics(stage: Stage, act: Act) -> list[str]:
    """On which topics stands what made the step say so."""
    row = stage.journey.step(act.by)
    asked = [event_topic(row.hears)] if row else []
    own = dead_letter_topic(act.by)
    if act.says in (FAILED, REQUESTED) and act.step != act.by:  # its watch: it is only late
        return []
    if not _ends_an_undo(act):
        return [own, *asked]
    did = act.detail != "nothing_to_undo" and stage.document(act.by) is None
    return [own, *(asked if did else []), *UNDOING]


def _due(stage: Stage, act: Act) -> datetime | None:
    """When time asks the step to say so, or to try again."""
    one = stage.document(act.by)
    if one is None:
        return None
    if act.says in (FAILED, REQUESTED) and act.detail == TIMEOUT:
        return one.deadline_at if act.step == act.by else one.watch_at
    if act.words.startswith(UNDO_IS_OVER) and one.give_up_at:
        return max(filter(None, (one.give_up_at, one.try_at)))
    return one.try_at


def _answer(answering: Answering, act: Act, to_come: Sequence[Act]) -> None:
    """What the outside system answers, told by what came of it. A "no" that is the step's own is
    said before any call."""
    answering.do_answer = "yes"
    if act.says == PARKED:
        answering.do_answer = "bug"
    elif act.says in (FAILED, REQUESTED) and act.step == act.by and act.detail is not None:
        answering.do_answer = LATER if act.detail == TIMEOUT else Rejected(act.detail, act.words)
    undone = (one for one in to_come if one.by == act.by and _ends_an_undo(one))
    answering.undo_answer = _undo_answer(next(undone, None))


def _ends_an_undo(act: Act) -> bool:
    return act.says == UNDONE or (act.says == PARKED and act.detail == "undo_parked")


def _undo_answer(ended: Act | None) -> Reply:
    if ended is None or ended.words.startswith(UNDO_IS_OVER):
        return LATER
    return "yes" if ended.says == UNDONE else "bug"


def _start(captured: Captured, event_id: str) -> Message:
    name, version = captured.journey
    headers = {
        "ce_id": event_id,
        "ce_source": SOURCE,
        "ce_type": f"com.hexabuilders.onboarding.{START}.v{PartnerOnboardingInitiated.VERSION}",
        "ce_time": captured.started_at,
        "ce_journey": f"{name}/{version}",
    }
    told = tuple((header, text.encode()) for header, text in headers.items())
    value = orjson.dumps(captured.start)
    return Message(event_id, event_topic(START), event_id.encode(), value, told)


def _of_person(stage: Stage, act: Act, number: int) -> Message:
    """A request or a wish, under an id of its own."""
    data = _MODELS[act.says].model_validate(act.data)
    wished = act.says != REQUESTED
    topic = dead_letter_topic(act.step or "") if wished else event_topic(act.says)
    now = stage.clock()
    message = binary(topic, f"wish-{number}", source_of("cli"), now, data, stage.context)
    if act.names_journey:
        return message
    return replace(message, headers=[one for one in message.headers if one[0] != "ce_journey"])
