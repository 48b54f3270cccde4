"""The search: every state that can be reached, the nearest first, each once.

It ends with the shortest way to something that must not be, or with how much there was to see.
"""

import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

from services.cli.proof.checks import ROUND_AND_ROUND, Checks
from services.cli.proof.circles import in_a_circle
from services.cli.proof.places import Move
from services.cli.proof.small_world import SmallWorld
from services.cli.proof.states import Budgets

Tell = Callable[[int, int], None]
TELL_EVERY = 1 << 14
Way = tuple[tuple[Move, int], ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """What is broken, and the shortest way there: the moves, each with the state after it."""

    what: str
    way: Way


@dataclass(slots=True)
class Found:
    """What a search saw. `complete`: it saw all there is."""

    states: int = 0
    transitions: int = 0
    at_rest: int = 0
    depth: int = 0
    seconds: float = 0.0
    complete: bool = False
    ends: dict[str, int] = field(default_factory=dict)
    violation: Violation | None = None


def search(world: SmallWorld, budgets: Budgets, most: int, tell: Tell = lambda *_: None) -> Found:
    """Look at up to `most` states. `tell(states, waiting)` hears of the progress."""
    begun = time.monotonic()
    found = Search(world, budgets).run(most, tell)
    found.seconds = time.monotonic() - begun
    return found


class Search:
    """States are numbered in the order in which they are met, which is that of their depth."""

    def __init__(self, world: SmallWorld, budgets: Budgets) -> None:
        self.world, self.found = world, Found()
        self.checks = Checks(world)
        first = world.first(budgets)
        self.numbers, self.states = {first: 0}, [first]
        self.came_from = array("i", [-1])
        self.free = array("i")  # where the free moves of all states lead, one state after the other
        self.free_until = array("q")  # where in `free` those of each state end

    def run(self, most: int, tell: Tell) -> Found:
        """All states, or the first that is wrong."""
        states, found = self.states, self.found
        number, end = 0, 1
        while number < len(states) and len(states) < most and found.violation is None:
            if number == end:
                found.depth, end = found.depth + 1, len(states)
            self._look_at(number)
            number += 1
            if number % TELL_EVERY == 0:
                tell(len(states), len(states) - number)
        found.states = len(states)
        found.complete = number == len(states) and found.violation is None
        if found.complete and (stuck := in_a_circle(self.free, self.free_until)) is not None:
            found.complete = False
            self._wrong(ROUND_AND_ROUND, stuck)
        return found

    def _look_at(self, number: int) -> None:
        numbers, states, free, top = self.numbers, self.states, self.free, self.world.top
        state, before = states[number], len(free)
        moves = self.world.moves(state)
        self.found.transitions += len(moves)
        published = state >> top
        for move, after in moves:
            known = numbers.get(after)
            if known is None:
                known = numbers[after] = len(states)
                states.append(after)
                self.came_from.append(number)
            if move.free:
                free.append(known)
            if move.wrong or move.undoes or (move.said and after >> top != published):
                self._check(number, move, after)
        self.free_until.append(len(free))
        if len(free) == before:
            self._check_rest(number)

    def _check(self, number: int, move: Move, after: int) -> None:
        if wrong := self.checks.of_move(move, after):
            self._wrong(wrong, number, (move, after))

    def _check_rest(self, number: int) -> None:
        found, state = self.found, self.states[number]
        found.at_rest += 1
        status = self.checks.status(state)
        found.ends[status] = found.ends.get(status, 0) + 1
        if wrong := self.checks.at_rest(state):
            self._wrong(wrong, number)

    def _wrong(self, what: str, number: int, *last: tuple[Move, int]) -> None:
        if self.found.violation is None:
            self.found.violation = Violation(what, (*self._way(number), *last))

    def _way(self, number: int) -> Way:
        """The moves from the first state to this one."""
        way: list[tuple[Move, int]] = []
        while number:
            before, after = self.came_from[number], self.states[number]
            moves = self.world.moves(self.states[before])
            way.append(next(one for one in moves if one[1] == after))
            number = before
        return tuple(reversed(way))
