"""What came out of a saga, and in what two outcomes differ: business first, ids and times never."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from contracts.envelope import Event, source_of
from contracts.events import (
    CompensationCompleted,
    CompensationRequested,
    PartnerOnboardingCompleted,
    PartnerOnboardingFailed,
    Progress,
)
from contracts.journey import JOURNEYS, Journey, Step
from contracts.operator import StepParked
from saga_state.state import fold
from services.cli.replay.sources import is_of_a_step
from services.runtime.saying import TIMEOUT

NOTHING = "-"
_IDS = frozenset({"number", "partner_id", "answer_within_seconds"})
_ASKED = "wishes"  # what the producer asked for, handed on from step to step; may be personal
_UNDONE = {"resolved_by_operator": "undone"}  # by whom is no matter here
_OVER = f"no {TIMEOUT}"  # no event tells what its outside system answers after that


@dataclass(frozen=True, slots=True)
class Change:
    """What was recorded, and what comes out now. `kind`: of the business, what merely follows
    from that, or a wording."""

    what: str
    recorded: str
    now: str
    kind: Literal["business", "follows", "wording"] = "business"

    @property
    def line(self) -> str:
        return f"{self.what}: {self.recorded} -> {self.now}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of a saga its status; by step its answer, the facts it said, how it was undone, and the
    words of its "no"."""

    status: str
    answers: Mapping[str, str]
    facts: Mapping[str, str]
    undone: Mapping[str, str]
    words: Mapping[str, str]


def outcome_of(events: Sequence[Event]) -> Outcome:
    """Of at least one event of a saga."""
    context = events[0].context
    journey = JOURNEYS.get((context.journey, context.journey_version))
    names = journey.step_names if journey else ()
    undone = {e.body["step"]: e.body["outcome"] for e in _of(CompensationCompleted, events)}
    answers = {name: _answer(name, journey, events) for name in names}
    return Outcome(
        fold(None, events, lambda _: None)["status"],
        answers,
        dict(_facts(events)),
        {
            name: "undone" if answers.get(name) == _OVER else _UNDONE.get(told, told)
            for name, told in undone.items()
        },
        dict(_words(events)),
    )


def differences(recorded: Outcome, now: Outcome) -> list[Change]:
    """Business first: the first step that answers otherwise, the end it comes to, what steps said;
    then what follows, and wordings."""
    answers = list(_differ("", recorded.answers, now.answers))
    found = [
        *answers[:1],
        *_differ("", {"status": recorded.status}, {"status": now.status}),
        *_both(recorded.facts, now.facts),
    ]
    later = [*answers[1:], *_differ("undo of ", recorded.undone, now.undone)]
    follows: Literal["business", "follows"] = "follows" if answers else "business"
    found += [replace(one, kind=follows) for one in later]
    return found + [replace(one, kind="wording") for one in _both(recorded.words, now.words)]


def _differ(prefix: str, one: Mapping[str, str], other: Mapping[str, str]) -> Iterator[Change]:
    for name in dict.fromkeys([*one, *other]):
        mine, theirs = one.get(name, NOTHING), other.get(name, NOTHING)
        if mine != theirs:
            yield Change(f"{prefix}{name}", mine, theirs)


def _both(one: Mapping[str, str], other: Mapping[str, str]) -> Iterator[Change]:
    """Of what both say: what one alone says is told by the answer of its step."""
    for what, value in one.items():
        if what in other and other[what] != value:
            yield Change(what, value, other[what])


def _answer(step: str, journey: Journey | None, events: Sequence[Event]) -> str:
    """yes, no with its code, parked, or nothing. What was said in its name counts as its own."""
    row = journey.step(step) if journey else None
    if row and any(_says_yes(event, row) for event in events):
        return "yes"
    for event in (*_of(PartnerOnboardingFailed, events), *_of(CompensationRequested, events)):
        if event.body.get("failed_step") == step and is_of_a_step(event):
            return f"no {event.body['code']}"
    parked = [one.body["state"] for one in _of(StepParked, events) if one.body["step"] == step]
    return "parked" if "parked" in parked else NOTHING


def _says_yes(event: Event, row: Step) -> bool:
    """In its own event, or in the last of all: a step that died between the two may have been
    undone before it said both."""
    is_end = isinstance(event.data, PartnerOnboardingCompleted)
    return event.name == row.says or (is_end and event.source == source_of(row.name))


def _facts(events: Sequence[Event]) -> Iterator[tuple[str, str]]:
    """What was said first of each thing: later events hand it on. What was asked for is told by a
    digest alone."""
    told: set[str] = set()
    for event in events:
        if isinstance(event.data, Progress):
            for what, value in _flat("", event.body):
                if what not in told:
                    told.add(what)
                    yield what, value


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, Mapping):
        yield path, ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        return
    for name, inner in value.items():
        below = f"{path}.{name}" if path else name
        if path == _ASKED:
            yield below, _digest(inner)
        elif name not in _IDS:
            yield from _flat(below, inner)


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True).encode()
    return f"#{hashlib.blake2b(text, digest_size=4).hexdigest()}"


def _words(events: Sequence[Event]) -> Iterator[tuple[str, str]]:
    for event in _of(PartnerOnboardingFailed, events):
        yield f"reason of {event.body['failed_step']}", event.body["reason"]
    for event in _of(StepParked, events):
        yield f"bug in {event.body['step']}", event.body["where"]


def _of(kind: type, events: Sequence[Event]) -> list[Event]:
    return [event for event in events if isinstance(event.data, kind)]
