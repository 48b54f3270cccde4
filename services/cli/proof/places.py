"""A state is one whole number, and here is each step's place in it.

From below: what may still go wrong, what each step has (both as numbers in tables), and the set of
all that was said.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.cli.proof.actors import Actor
from services.cli.proof.happenings import Happening, heeding, settled
from services.cli.proof.states import Budgets, Local
from services.cli.proof.step_moves import StepMoves

LEFT_BITS, LOCAL_BITS = 12, 24
LEFT, LOCAL = (1 << LEFT_BITS) - 1, (1 << LOCAL_BITS) - 1


@dataclass(slots=True, eq=False)
class Move:
    """What can happen in every state in which a step has what it has before this.

    `delta` is added to the state, `said` (0: nothing) is then spread to those who hear it, and
    `calms`: from here on fewer times can strike, anywhere. `wrong` is what it breaks by itself;
    `undoes`: an undo begins, whose turn is to be looked at with what the others have.
    """

    place: int
    happening: Happening
    delta: int
    said: int
    free: bool
    calms: bool
    undoes: bool
    wrong: str | None


@dataclass(slots=True, eq=False)
class Options:
    """All that can happen next at a step; `met`: in how many states."""

    moves: Sequence[Move]
    met: int = 0


@dataclass(slots=True)
class Place:
    """A step's tables. `hears` is the set of messages that say something to it."""

    number: int
    step: StepMoves
    hears: int = 0
    options: dict[int, Options] = field(default_factory=dict)
    again: dict[int, dict[int, Options]] = field(default_factory=dict)
    _locals: list[Local] = field(default_factory=list)
    _numbers: dict[Local, int] = field(default_factory=dict)
    _calm: dict[tuple[int, bool, bool], int] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        return self.step.actor

    @property
    def shift(self) -> int:
        """Where its number stands in a state."""
        return LEFT_BITS + self.number * LOCAL_BITS

    def has(self, state: int) -> Local:
        """What the step has in that state."""
        return self._locals[state >> self.shift & LOCAL]

    def local(self, number: int) -> Local:
        return self._locals[number]

    def number_of(self, local: Local) -> int:
        """Its number. OverflowError: the world is too large."""
        if local not in self._numbers:
            if len(self._locals) > LOCAL:
                raise OverflowError(f"step {self.number} has too many states of its own")
            self._numbers[local] = len(self._locals)
            self._locals.append(local)
        return self._numbers[local]

    def hearing(self, number: int, messages: int) -> int:
        """What it has when these messages are on their way to it too."""
        local = self._locals[number]
        told = local._replace(pending=local.pending | messages)
        return self.number_of(heeding(self.actor, told))

    def calm(self, number: int, left: Budgets) -> int:
        """What it has when only that may still go wrong."""
        key = (number, left.watches, left.deadlines)
        if key not in self._calm:
            self._calm[key] = self.number_of(settled(self.actor, self._locals[number], left))
        return self._calm[key]
