"""What was recorded of a saga, as the acts of a play: pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from contracts.envelope import source_of, time_text
from contracts.journey import JOURNEYS, Journey, Journeys
from saga_state.document import Saga, StoredEvent
from saga_state.facts import START
from saga_state.merging import identity_in
from services.cli.capture.captured import PERSON, Act, Captured, detail_of
from services.cli.errors import CliError
from services.cli.replaced_values import Replacing
from services.cli.replacing import replaced_event, replaced_start
from services.runtime.step import StepService

Form = Mapping[str, Any]  # a step document (contracts/step_document.py)


def captured(
    saga: Saga,
    events: Sequence[StoredEvent],
    documents: Mapping[str, Form],
    steps: Sequence[StepService],
    rules: Mapping[str, Mapping[str, Any]],
    how: Replacing | None,
    journeys: Journeys = JOURNEYS,
) -> Captured:
    """The saga as it was recorded; `documents` are those of its steps, by step. Without `how` the
    data stays as it was. CliError (1) if its start or its journey is not known."""
    journey = journeys.get((saga["journey"], saga["journey_version"]))
    start = next((event for event in events if event["type"] == START), None)
    if start is None or journey is None:
        what = "its start was not seen" if start is None else "its journey is not known here"
        raise CliError(f"{saga['_id']} cannot be played again: {what}")
    said = [event for event in after_their_causes(events) if event["type"] != START]
    names = [step.name for step in steps]
    body = _data(start)
    return Captured(
        journey=(journey.name, journey.version),
        started_at=time_text(start["time"]),
        start=replaced_start(how, body) if how else body,
        acts=tuple(_act(event, start["time"], saga, names, how) for event in said),
        outer=tuple(name for name in journey.step_names if documents.get(name, {}).get("outer")),
        dead=tuple(one["step"] for one in saga["steps"] if _is_dead(one["state"], one["event_id"])),
        silent=tuple(name for name in journey.step_names if _has_to_act(saga, name)),
        taken=_was_taken(saga, steps),
        rules={name: given for name, given in rules.items() if given},
        seconds=_seconds(events, journey),
    )


def after_their_causes(events: Sequence[StoredEvent]) -> list[StoredEvent]:
    """In the order given, but no event before the one it answers: clocks may differ."""
    by_id = {event["event_id"]: event for event in events}
    told: dict[str, StoredEvent] = {}
    for event in events:
        for one in reversed([*_causes(event, by_id)]):
            told.setdefault(one["_id"], one)
    return list(told.values())


def _causes(event: StoredEvent, by_id: Mapping[str, StoredEvent]) -> Iterator[StoredEvent]:
    met: set[str] = set()
    now: StoredEvent | None = event
    while now is not None and now["_id"] not in met:
        met.add(now["_id"])
        yield now
        now = by_id.get(now["causation_id"] or "")


def _act(
    event: StoredEvent, start: datetime, saga: Saga, names: Sequence[str], how: Replacing | None
) -> Act:
    data, says = _data(event), event["type"]
    step, detail = detail_of(says, data)
    seconds = round((event["time"] - start).total_seconds(), 3)
    by = next((name for name in names if event["source"] == source_of(name)), PERSON)
    if by == PERSON:
        sent = replaced_event(how, says, data) if how else data
        named = _names_journey(saga, event)
        return Act(seconds, by, says, step, detail, data=sent, names_journey=named)
    words = str(data.get("where") or data.get("reason") or "")
    return Act(seconds, by, says, step, detail, words)


def _names_journey(saga: Saga, event: StoredEvent) -> bool:
    """Whether a request to undo said the journey: it is then heard by others."""
    facts = [fact for side in saga["sides"].values() for kind in side["facts"].values()
             for key, fact in kind.items() if identity_in(key) == event["_id"]]  # fmt: skip
    return all(fact.get("names_journey", True) for fact in facts)


def _data(event: StoredEvent) -> dict[str, Any]:
    found = event["data"]
    body: dict[str, Any] = json.loads(found) if isinstance(found, str) else found
    return body


def _is_dead(state: str, event_id: str | None) -> bool:
    """The step before it spoke in its place, and it has said nothing since."""
    return state == "timed_out" and event_id is None


def _has_to_act(saga: Saga, step: str) -> bool:
    states = {one["step"]: one["state"] for one in saga["steps"]}
    return step == saga["current_step"] or states[step] == "undoing"


def _seconds(events: Sequence[StoredEvent], journey: Journey) -> dict[str, float]:
    """What each step said it gives the next one, where that is not what its journey has."""
    given = {event["type"]: _data(event).get("answer_within_seconds") for event in events}
    told = {step: given.get(step.hears) for step in journey.steps}
    return {
        step.name: seconds
        for step, seconds in told.items()
        if seconds is not None and seconds != step.timeout_seconds
    }


def _was_taken(saga: Saga, steps: Sequence[StepService]) -> bool:
    failure = saga["failure"]
    codes = {no.code for step in steps for no in step.taken.values()}
    return failure is not None and failure["code"] in codes
