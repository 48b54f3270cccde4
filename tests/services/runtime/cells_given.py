"""A step's document led through the table, and what came of it, in the words of docs/protocol.md.

Words are those of step k: "P(k-1)" is the event it waits for, "K(k+1)" the word of its successor
that all is undone, "R(null)" the request of a person. A number is a wait in seconds.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, get_args

import orjson
from runtime_given import (
    BODIES,
    HEARS,
    NO,
    Clock,
    Told,
    event,
    header,
    part_of,
    start_saga,
    told,
    types,
)

from contracts.envelope import Event, Message
from contracts.journey import PARTNER_ONBOARDING_1
from services.runtime.arrivals import Answered, Arrival, Due, Wish
from services.runtime.document import Document, State
from services.runtime.protocol import Answer, meet

STATES = ("absent", *get_args(State))
INNER_STATES = tuple(state for state in STATES if state not in ("undoing", "undo_parked"))
PLACES = {"first": "registration", "middle": "contract", "last": "recruitment"}
STEPS = PARTNER_ONBOARDING_1.step_names
TO_A_BUG = ("bug", 1.0, "try", "bug", 1.0, "try", "bug")
BUG = ValueError("a bug")
A_DAY = 86_400.0
KINDS = {
    "R": "CompensationRequested",
    "F": "PartnerOnboardingFailed",
    "K": "CompensationCompleted",
    "C": "PartnerOnboardingCompleted",
}
INNER = {
    "absent": (),
    "pending": ("P(k-1)", "redrive"),
    "done": ("P(k-1)",),
    "rejected": ("P(k-1)",),
    "undone": ("P(k-1)", "my turn"),
    "blocked": ("my turn",),
    "parked": ("P(k-1)",),
}
OUTER = {
    "absent": (),
    "pending": ("P(k-1)",),
    "pending, free": ("P(k-1)", "later"),
    "done": ("P(k-1)", "yes"),
    "rejected": ("P(k-1)", "no"),
    "undoing": ("P(k-1)", "yes", "my turn"),
    "undone": ("P(k-1)", "yes", "my turn", "yes"),
    "blocked": ("my turn",),
    "parked": ("P(k-1)", *TO_A_BUG),
    "undo_parked": ("P(k-1)", "yes", "my turn", *TO_A_BUG),
}
ANSWERS = {"pending": BUG, "parked": BUG, "rejected": NO}


@dataclass(frozen=True)
class Met:
    """Which cell an arrival met, and what it led to."""

    cell: str
    state: str
    said: tuple[str, ...] = ()
    call: bool = False


class Led:
    """A step, its document so far (None: absent), and every message it ever said."""

    def __init__(self, place: str = "middle", outer: bool = False, answer: Any = None) -> None:
        self.step, self.place = PLACES[place], STEPS.index(PLACES[place])
        self.saga = start_saga(1) if place == "first" else "saga-1"
        self.clock = Clock()
        service = told(self.step, **({self.saga: answer} if answer is not None else {}))
        self.part = part_of(service, self.clock, outside=outer)
        self.document: Document | None = None
        self.last: Answer | None = None
        self.ever: list[Message] = []

    @property
    def state(self) -> str:
        return self.document.state if self.document else "absent"

    @property
    def handler(self) -> Told:
        return self.part.service.handler

    def mended(self) -> "Led":
        """The step answers yes from now on."""
        self.handler.answers = {}
        return self

    def meets(self, *words: str | float | Arrival | Event) -> Met:
        """All of these, one after the other; what the last one led to."""
        for word in words:
            if isinstance(word, float):
                self.clock.go_on(word)
                continue
            self.last = answer = meet(self.document, self.arrival(word), self.part)
            if answer.document is not self.document and answer.document is not None:
                self.document = replace(answer.document, revision=answer.document.revision + 1)
            self.ever += answer.say
        assert self.last is not None
        return Met(self.last.cell, self.state, self.words(self.last.say), self.last.call)

    def arrival(self, word: str | Arrival | Event) -> Arrival | Event:
        if not isinstance(word, str):
            return word
        if word in ("yes", "later", "bug"):
            return Answered(self.lease, word, "ValueError at x.py:1")
        if word == "no":
            return Answered(self.lease, NO)
        if word in ("try", "deadline", "watch"):
            return Due(word)
        if word in ("redrive", "resolve"):
            return Wish(word)
        if word == "my turn":
            word = "R(null)" if self.is_last else "K(k+1)"
        return self.event(word)

    def event(self, word: str, **given: Any) -> Event:
        """An event in the words of the protocol; `given` are headers."""
        kind, _, step = word.rstrip(")").partition("(")
        given = {"ce_sagaid": self.saga, "ce_id": f"e-{word}", **given}
        if kind == "P":
            place = self.place + offset_of(step)
            name = PARTNER_ONBOARDING_1.steps[place].says if place >= 0 else HEARS["registration"]
            return event(name, **{**given, "ce_id": "s-1" if place < 0 else f"e-{word}"})
        name, field = KINDS[kind], "step" if kind == "K" else "failed_step"
        body = dict(BODIES[name])
        if step:
            body[field] = self.name_of(step)
        return event(name, body, **given)

    def name_of(self, step: str) -> str | None:
        named = {"null": None, "first": STEPS[0]}
        return named[step] if step in named else STEPS[self.place + offset_of(step)]

    def words(self, messages: Iterable[Message]) -> tuple[str, ...]:
        return tuple(self.word(message) for message in messages)

    def word(self, message: Message) -> str:
        """What was said: "R(k)", "F(k+1) TIMEOUT", "K(k) undone", "P", "C", a dead letter."""
        if header(message, "dlq_id"):
            return "letter"
        (name,) = types([message])
        if name == "StepParked":
            return str(orjson.loads(message.value or b"{}")["state"])
        body = orjson.loads(message.value or b"{}")
        kind = {name: kind for kind, name in KINDS.items()}.get(name, "P")
        if kind in ("P", "C"):
            return kind
        told = f"{kind}({self.relative(body.get('failed_step') or body.get('step'))})"
        extra = {"F": body.get("code"), "K": body.get("outcome")}.get(kind)
        return f"{told} {extra}" if extra else told

    def relative(self, step: str) -> str:
        away = STEPS.index(step) - self.place
        return "k" + (f"{away:+}" if away else "")

    @property
    def is_first(self) -> bool:
        return self.place == 0

    @property
    def is_last(self) -> bool:
        return self.step == STEPS[-1]

    @property
    def lease(self) -> str:
        return (self.document.lease if self.document else None) or "nobody's"


def led(place: str, kind: str, state: str) -> Led:
    """A step whose document is in that state; kind: inner or outer."""
    outer = kind == "outer"
    one = Led(place, outer, None if outer else ANSWERS.get(state))
    path = (OUTER if outer else INNER)[state]
    if path:
        one.meets(*path)
    assert one.state == state.partition(",")[0], f"{one.last}"
    return one


def offset_of(step: str) -> int:
    """Of "k", "k+1", "k-1"."""
    found = re.fullmatch(r"k([+-]\d+)?", step)
    assert found, step
    return int(found[1] or 0)
