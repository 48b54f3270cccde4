"""The small world: one saga, all its services, and everything that can happen next.

Messages are sets, for topics have no order among each other: whatever was said may be heard by
each of its hearers at any later moment. What a step does with it is the real code (actors.py).

What can happen at a step depends on what it has and on what may still go wrong. So it is worked out
once for each pair of these (step_moves.py), and a move is hardly more than an addition (places.py).
"""

import weakref
from asyncio import new_event_loop
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from contracts.envelope import Message
from contracts.journey import JOURNEYS, Journey, journeys_of
from contracts.reading import Reader
from services.cli.proof.actors import Actor
from services.cli.proof.checks_of_moves import ChecksOfMoves
from services.cli.proof.happenings import Happening, settled
from services.cli.proof.messages import Messages
from services.cli.proof.places import LEFT, LEFT_BITS, LOCAL, LOCAL_BITS, Move, Options, Place
from services.cli.proof.states import Budgets, Local
from services.cli.proof.step_moves import StepMoves
from services.runtime.step import StepService

Spread = tuple[int, Sequence[tuple[Place, int, dict[int, int]]]]
Wishes = Mapping[str, Mapping[str, Message]]  # by step and kind


@dataclass
class SmallWorld:
    """A journey with its steps; `outer` names those with an outside system."""

    journey: Journey
    steps: Sequence[StepService]
    outer: frozenset[str]
    start: Message
    requests: Sequence[Message]
    wishes: Wishes = field(default_factory=dict)
    with_cause: bool = False
    messages: Messages = field(init=False)
    places: list[Place] = field(init=False)
    checks: ChecksOfMoves = field(init=False)
    top: int = field(init=False)
    budgets: list[Budgets] = field(default_factory=list)
    _budget_numbers: dict[Budgets, int] = field(default_factory=dict)
    _spreads: list[Spread] = field(default_factory=lambda: [(0, ())])
    _spread_numbers: dict[tuple[int, ...], int] = field(default_factory=lambda: {(): 0})
    _requests: dict[int, Sequence[Move]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        journeys = {**JOURNEYS, **journeys_of(self.journey)}
        reader = Reader(journeys=journeys)
        self.messages = Messages(reader, self.with_cause)
        loop = new_event_loop()
        weakref.finalize(self, loop.close)
        names = self.journey.step_names
        self.places = []
        for number, step in enumerate(sorted(self.steps, key=lambda one: names.index(one.name))):
            actor = Actor(step, journeys, step.name in self.outer, reader, self.messages, loop)
            wished = self.wishes.get(step.name, {})
            numbers = {kind: self.messages.number(one) for kind, one in wished.items()}
            self.places.append(Place(number, StepMoves(number, actor, numbers)))
        self.checks = ChecksOfMoves(self.messages, [place.actor for place in self.places])
        self.top = LEFT_BITS + LOCAL_BITS * len(self.places)

    def first(self, budgets: Budgets) -> int:
        """The start has been accepted, and nothing else has happened."""
        state = self._budget_number(budgets)
        for place in self.places:
            state |= place.number_of(Local()) << place.shift
        return self._spread(state, self._spread_number([self.messages.number(self.start)]))

    def left(self, state: int) -> Budgets:
        """What may still go wrong."""
        return self.budgets[state & LEFT]

    def published(self, state: int) -> int:
        """The set of all that was said."""
        return state >> self.top

    def moves(self, state: int) -> list[tuple[Move, int]]:
        """All that can happen next, and the state after it."""
        left = state & LEFT
        found: list[tuple[Move, int]] = []
        for place in self.places:
            key = (state >> place.shift & LOCAL) << LEFT_BITS | left
            options = place.options.get(key) or self._work_out(place, key)
            options.met += 1
            self._take(state, options.moves, found)
        budgets = self.budgets[left]
        if budgets.duplicate:
            self._hear_again(state, found)
        if budgets.request:
            self._take(state, self._requests.get(left) or self._work_out_requests(left), found)
        return found

    def _take(self, state: int, moves: Iterable[Move], found: list[tuple[Move, int]]) -> None:
        for move in moves:
            after = state + move.delta
            if move.said:
                after = self._spread(after, move.said)
            if move.calms:
                after = self._calm(after)
            found.append((move, after))

    def _hear_again(self, state: int, found: list[tuple[Move, int]]) -> None:
        published = state >> self.top
        for place in self.places:
            key = (state >> place.shift & LOCAL) << LEFT_BITS | state & LEFT
            heard = published & place.hears
            known = place.again.setdefault(key, {})
            options = known.get(heard)
            if options is None:
                local, left = place.local(key >> LEFT_BITS), self.budgets[state & LEFT]
                again = place.step.heard_again(local, left, heard)
                options = known[heard] = Options([self._move(place, one, left) for one in again])
            options.met += 1
            self._take(state, options.moves, found)

    def _work_out(self, place: Place, key: int) -> Options:
        local, left = place.local(key >> LEFT_BITS), self.budgets[key & LEFT]
        moves = [self._move(place, one, left) for one in place.step.all_of(local, left)]
        options = place.options[key] = Options(_each_once(moves))
        return options

    def _work_out_requests(self, number: int) -> Sequence[Move]:
        left, nothing = self.budgets[number], Local()
        after = left.without("request")
        moves = []
        for request in self.requests:
            said = (self.messages.number(request),)
            asks = Happening("a person asks", said[0], nothing, nothing, after, said, False)
            delta = self._budget_number(after) - number
            moves.append(
                Move(-1, asks, delta, self._spread_number(said), False, False, False, None)
            )
        self._requests[number] = moves
        return moves

    def _move(self, place: Place, one: Happening, left: Budgets) -> Move:
        after = settled(place.actor, one.after, one.left)
        before = place.number_of(one.before)
        delta = (place.number_of(after) - before) << place.shift
        delta += self._budget_number(one.left) - self._budget_number(left)
        calms = (one.left.watches, one.left.deadlines) != (left.watches, left.deadlines)
        wrong = self.checks.of(place.number, one)
        undoes = self.checks.undoes(place.number, one)
        said = self._spread_number(one.said)
        return Move(place.number, one, delta, said, one.free, calms, undoes, wrong)

    def _spread(self, state: int, said: int) -> int:
        """Published: whoever hears it will hear it."""
        mask, hearings = self._spreads[said]
        state |= mask
        for place, messages, known in hearings:
            shift = place.shift
            number = state >> shift & LOCAL
            after = known.get(number)
            if after is None:
                after = known[number] = place.hearing(number, messages)
            state += (after - number) << shift
        return state

    def _calm(self, state: int) -> int:
        left = self.budgets[state & LEFT]
        for place in self.places:
            number = state >> place.shift & LOCAL
            state += (place.calm(number, left) - number) << place.shift
        return state

    def _spread_number(self, said: Sequence[int]) -> int:
        key = tuple(sorted(set(said)))
        if key not in self._spread_numbers:
            mask = sum(1 << number for number in key)
            hearings = []
            for place in self.places:
                rows = (number for number in key if place.actor.row_of(number) is not None)
                heard = sum(1 << number for number in rows)
                place.hears |= heard
                if heard:
                    hearings.append((place, heard, dict[int, int]()))
            self._spread_numbers[key] = len(self._spreads)
            self._spreads.append((mask << self.top, hearings))
        return self._spread_numbers[key]

    def _budget_number(self, budgets: Budgets) -> int:
        if budgets not in self._budget_numbers:
            self._budget_numbers[budgets] = len(self.budgets)
            self.budgets.append(budgets)
        return self._budget_numbers[budgets]


def _each_once(moves: Iterable[Move]) -> list[Move]:
    """Of moves to the same state the first: a crash can come to the same at several moments."""
    kept: dict[tuple[int, int], Move] = {}
    for move in moves:
        if move.delta or move.said:
            kept.setdefault((move.delta, move.said), move)
    return list(kept.values())
