"""The small world: one saga, all its services, and everything that can happen next.

Messages are sets, for topics have no order among each other: whatever was said may be heard by
each of its hearers at any later moment. What a step does with it is the real code (actors.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from contracts.envelope import Message
from contracts.journey import Journey, journeys_of
from contracts.reading import Reader
from services.cli.proof.actors import ABSENT, LEASE, Actor, Reaction
from services.cli.proof.messages import Messages, numbers_in
from services.cli.proof.states import (
    DO,
    NO_CALL,
    REFUSED,
    STRAY_DO,
    STRAY_UNDO,
    UNDO,
    Budgets,
    Move,
    State,
    done_at,
    spent,
    strayed,
    undone_at,
    with_place,
)
from services.runtime.arrivals import Answered, Due
from services.runtime.step import Rejected, StepService


@dataclass
class SmallWorld:
    """A journey with its steps; `outer` names those with an outside system."""

    journey: Journey
    steps: Sequence[StepService]
    outer: frozenset[str]
    start: Message
    requests: Sequence[Message]
    messages: Messages = field(default_factory=Messages)
    cells: dict[tuple[str, str], int] = field(default_factory=dict)
    actors: list[Actor] = field(init=False)
    _hearers_of: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        journeys = journeys_of(self.journey)
        reader = Reader(journeys=journeys)
        names = self.journey.step_names
        ordered = sorted(self.steps, key=lambda step: names.index(step.name))
        self.actors = [
            Actor(step, journeys, step.name in self.outer, reader, self.messages)
            for step in ordered
        ]

    def first(self, budgets: Budgets) -> State:
        """The start has been accepted, and nothing else has happened."""
        count = len(self.actors)
        zeros = (0,) * count
        empty = State((ABSENT,) * count, zeros, zeros, zeros, zeros, zeros, 0, budgets)
        return self._said(empty, [self.messages.number(self.start)])

    def moves(self, state: State) -> Iterator[Move]:
        """All that can happen next."""
        for place in range(len(self.actors)):
            yield from self._deliveries(state, place)
            yield from self._times(state, place)
            if state.calls[place] or state.strays[place]:
                yield from self._calls(state, place)
            if state.unsent[place]:
                yield self._resend(state, place)
        if state.left.request:
            for request in self.requests:
                number = self.messages.number(request)
                after = self._settled(self._said(spent(state, "request"), [number]))
                yield Move(-1, "a person asks", number, after, free=False)

    def _deliveries(self, state: State, place: int) -> Iterator[Move]:
        document, waiting = state.documents[place], state.pending[place]
        for number in numbers_in(waiting):
            reaction = self.actors[place].hears(document, number)
            taken = with_place(state, "pending", place, waiting & ~(1 << number))
            yield self._move(place, "hears", number, taken, reaction, free=True)
            if state.left.crash:
                yield from self._crashes(state, place, "hears", number, reaction)
        if not state.left.duplicate:
            return
        for number in numbers_in(state.published & ~waiting):
            if place in self._hearers(number):
                reaction = self.actors[place].hears(document, number)
                if reaction.said or reaction.document != document:
                    again = spent(state, "duplicate")
                    yield self._move(place, "hears again", number, again, reaction, free=False)

    def _times(self, state: State, place: int) -> Iterator[Move]:
        actor, number = self.actors[place], state.documents[place]
        one = actor.documents[number]
        if one is None:
            return
        if one.try_at is not None:
            is_called = one.lease is not None and state.calls[place] != NO_CALL
            yield from self._time(state, place, Due("try"), free=not is_called, late=True)
        if one.deadline_at is not None:
            yield from self._time(state, place, Due("deadline"), free=one.state == "parked")
        if one.is_watching:
            yield from self._time(state, place, Due("watch"), free=False)

    def _time(
        self, state: State, place: int, due: Due, free: bool, late: bool = False
    ) -> Iterator[Move]:
        if not free and not state.left.early:
            return
        before = state if free else spent(state, "early")
        reaction = self.actors[place].meets(state.documents[place], due, late)
        if not reaction.said and reaction.document == state.documents[place] and not reaction.calls:
            return
        if late and state.calls[place]:  # nobody waits for that call any more
            before = strayed(before, place)
        yield self._move(place, due.what, 0, before, reaction, free)
        if state.left.crash:
            yield from self._crashes(before, place, due.what, 0, reaction)

    def _calls(self, state: State, place: int) -> Iterator[Move]:
        call = state.calls[place]
        if call == DO:
            yield from self._answers(state, place, "do", done_at(state.platforms[place]))
            if state.left.no and not state.platforms[place]:
                refused = with_place(spent(state, "no"), "platforms", place, REFUSED)
                yield from self._answers(refused, place, "no", (REFUSED, "no"))
        elif call == UNDO:
            yield from self._answers(
                state, place, "undo", (undone_at(state.platforms[place]), "yes")
            )
        for stray in (STRAY_DO, STRAY_UNDO):
            if state.strays[place] & stray:
                kept = state.platforms[place]
                now = done_at(kept)[0] if stray == STRAY_DO else undone_at(kept)
                rest = with_place(state, "strays", place, state.strays[place] & ~stray)
                yield Move(
                    place, "late call lands", stray, with_place(rest, "platforms", place, now), True
                )

    def _answers(
        self, state: State, place: int, what: str, landed: tuple[int, str]
    ) -> Iterator[Move]:
        kept, answer = landed
        done = with_place(with_place(state, "platforms", place, kept), "calls", place, NO_CALL)
        yield from self._answer(done, place, what, answer, free=True)
        if state.left.lost:
            lost = spent(state, "lost")
            yield from self._answer(strayed(lost, place), place, what, "later", free=False)

    def _answer(
        self, state: State, place: int, what: str, answer: str, free: bool
    ) -> Iterator[Move]:
        told = Rejected("NO", "No.") if answer == "no" else answer
        arrival = Answered(LEASE, told)  # type: ignore[arg-type]
        reaction = self.actors[place].meets(state.documents[place], arrival)
        yield self._move(place, f"{what}: {answer}", 0, state, reaction, free)
        if state.left.crash:
            yield from self._crashes(state, place, f"{what}: {answer}", 0, reaction)

    def _move(
        self, place: int, what: str, detail: int, before: State, reaction: Reaction, free: bool
    ) -> Move:
        self._count(place, reaction)
        after = with_place(before, "documents", place, reaction.document)
        if reaction.document != before.documents[place]:
            after = with_place(after, "unsent", place, 0)
        after = self._called(after, place, reaction)
        return Move(place, what, detail, self._settled(self._said(after, reaction.said)), free)

    def _settled(self, state: State) -> State:
        """Without what can never matter again: what could only have been early when nothing can,
        and messages that leave a document as it is for ever."""
        documents = state.documents
        if not state.left.early:
            documents = tuple(
                actor.unhurried(number)
                for actor, number in zip(self.actors, documents, strict=True)
            )
        pending = tuple(
            actor.still_matters(number, mask)
            for actor, number, mask in zip(self.actors, documents, state.pending, strict=True)
        )
        if documents == state.documents and pending == state.pending:
            return state
        return state._replace(documents=documents, pending=pending)

    def _crashes(
        self, state: State, place: int, what: str, detail: int, reaction: Reaction
    ) -> Iterator[Move]:
        """The worker dies after the write: before the first message, or after any of them. What
        it heard comes again; its calls have nobody who waits for them."""
        if reaction.document == state.documents[place] and not reaction.said:
            return
        dead = strayed(spent(state, "crash"), place)
        dead = with_place(
            with_place(dead, "documents", place, reaction.document), "unsent", place, 1
        )
        for count in range(len(reaction.said) + 1):
            yield Move(
                place, f"{what}, dies after {count} said", detail,
                self._settled(self._said(dead, reaction.said[:count])), free=False,
            )  # fmt: skip

    def _resend(self, state: State, place: int) -> Move:
        one = self.actors[place].documents[state.documents[place]]
        said = [self.messages.number(message) for message in one.outbox] if one else []
        return Move(
            place,
            "says what was unsent",
            0,
            self._settled(self._said(with_place(state, "unsent", place, 0), said)),
            free=True,
        )

    def _called(self, state: State, place: int, reaction: Reaction) -> State:
        if reaction.calls is None:
            return state
        if state.calls[place]:
            state = strayed(state, place)
        return with_place(state, "calls", place, DO if reaction.calls == "do" else UNDO)

    def _said(self, state: State, numbers: Sequence[int]) -> State:
        """Published: whoever hears its topic will hear it."""
        if not numbers:
            return state
        pending, published = list(state.pending), state.published
        for number in numbers:
            published |= 1 << number
            for place in self._hearers(number):
                pending[place] |= 1 << number
        return state._replace(pending=tuple(pending), published=published)

    def _hearers(self, number: int) -> tuple[int, ...]:
        """The steps to which a message says something; all others ignore it in every state."""
        if number not in self._hearers_of:
            self._hearers_of[number] = tuple(
                place for place, actor in enumerate(self.actors) if actor.row_of(number) is not None
            )
        return self._hearers_of[number]

    def _count(self, place: int, reaction: Reaction) -> None:
        for cell in reaction.cells:
            key = (self.actors[place].step.name, cell)
            self.cells[key] = self.cells.get(key, 0) + 1
