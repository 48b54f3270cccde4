"""The search: every state that can be reached, the nearest first, each once.

It ends with the shortest way to something that must not be, or with how much there was to see.
"""

import time
from array import array
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from services.cli.proof.checks import Checks
from services.cli.proof.small_world import SmallWorld
from services.cli.proof.states import Budgets, Move, State

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Violation:
    """What is broken, and the shortest way there."""

    what: str
    moves: tuple[Move, ...]


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
    begun, found, checks = time.monotonic(), Found(), Checks(world)
    first = world.first(budgets)
    numbers, states = {first: 0}, [first]
    came_from, depths = array("l", [-1]), array("l", [0])
    free_edges = array("l")
    waiting = deque([0])
    while waiting and found.violation is None and len(states) < most:
        number = waiting.popleft()
        state, rests = states[number], True
        for move in world.moves(state):
            found.transitions += 1
            rests &= not move.free
            known = numbers.get(move.after)
            if known is None:
                known = numbers[move.after] = len(states)
                states.append(move.after)
                came_from.append(number)
                depths.append(depths[number] + 1)
                waiting.append(known)
            if (wrong := checks.of_move(state, move)) is not None:
                found.violation = Violation(wrong, (*_way(world, states, came_from, number), move))
                break
            if move.free:
                free_edges.extend((number, known))
        if rests and found.violation is None:
            found.at_rest += 1
            status = checks.status(state.published)
            found.ends[status] = found.ends.get(status, 0) + 1
            if (wrong := checks.at_rest(state)) is not None:
                found.violation = Violation(wrong, _way(world, states, came_from, number))
        if number % 10_000 == 0:
            tell(len(states), len(waiting))
    found.states, found.depth = len(states), max(depths)
    found.complete = not waiting and found.violation is None
    if found.complete and (stuck := _in_a_circle(len(states), free_edges)) is not None:
        way = _way(world, states, came_from, stuck)
        found.violation = Violation("I1: it goes on for ever without coming to an end", way)
    found.seconds = time.monotonic() - begun
    return found


def _way(
    world: SmallWorld, states: list[State], came_from: "array[int]", number: int
) -> tuple[Move, ...]:
    """The moves from the first state to this one."""
    moves: list[Move] = []
    while came_from[number] >= 0:
        before = came_from[number]
        after = states[number]
        moves.append(next(move for move in world.moves(states[before]) if move.after == after))
        number = before
    return tuple(reversed(moves))


def _in_a_circle(count: int, edges: "array[int]") -> int | None:
    """A state from which one can come back to it without any disturbance (Kahn's algorithm)."""
    into = array("l", bytes(8 * count))
    out: list[list[int]] = [[] for _ in range(count)]
    for place in range(0, len(edges), 2):
        before, after = edges[place], edges[place + 1]
        if before != after:
            out[before].append(after)
            into[after] += 1
    ready = [number for number in range(count) if into[number] == 0]
    left = count
    while ready:
        left -= 1
        for after in out[ready.pop()]:
            into[after] -= 1
            if into[after] == 0:
                ready.append(after)
    return next((number for number in range(count) if into[number]), None) if left else None
