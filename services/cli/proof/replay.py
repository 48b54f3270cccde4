"""A violation as a test: the same moves, played once more with the code as it is then."""

from collections.abc import Iterable, Sequence

from services.cli.proof.checks import ROUND_AND_ROUND, Checks
from services.cli.proof.places import Move
from services.cli.proof.runs import Run
from services.cli.proof.search import Violation
from services.cli.proof.small_world import SmallWorld

Words = tuple[str, str, str]  # the step, what happened, the id of the message that it heard

TEST = '''\
"""What `onboarding prove` found in the small world {name!r}, to be kept in tests/.

{what}
"""

from contracts.journey import JOURNEYS
from services.cli.proof.replay import replayed
from services.cli.proof.runs import Run
from services.cli.proof.states import Budgets

RUN = Run(
    {name!r},
    JOURNEYS[{journey!r}],
    {outer!r},
    {budgets!r},
    {asks!r},
    {with_cause!r},
    {names!r},
    {unnamed!r},
)
MOVES = [
{moves}
]


def test_this_order_of_events_breaks_nothing():
    wrong = replayed(RUN, MOVES)
    assert wrong is None, wrong
'''


def test_of(world: SmallWorld, run: Run, violation: Violation) -> str:
    """The source of a test that fails as long as the code goes this way."""
    words = [words_of(world, move) for move, _ in violation.way]
    return TEST.format(
        name=run.name,
        what=violation.what,
        journey=(run.journey.name, run.journey.version),
        outer=run.outer,
        budgets=run.budgets,
        asks=dict(run.asks),
        with_cause=run.with_cause,
        names=run.names,
        unnamed=run.unnamed,
        moves="\n".join(f"    {one!r}," for one in words),
    )


def words_of(world: SmallWorld, move: Move) -> Words:
    """A move in words that mean the same in every run of the program."""
    name = world.journey.step_names[move.place] if move.place >= 0 else "a person"
    heard = move.happening.message
    return name, move.happening.what, "" if heard is None else world.messages.all[heard].event_id


def replayed(run: Run, moves: Sequence[Words]) -> str | None:
    """What these moves break. None: nothing, or the code does not go this way (any more)."""
    world = run.world()
    checks, states = Checks(world), {world.first(run.budgets)}
    for words in moves:
        after = set[int]()
        for move, state in _moves(world, states, words):
            if wrong := checks.of_move(move, state):
                return wrong
            after.add(state)
        states = after
    return next(filter(None, (_at_the_end(world, checks, state) for state in states)), None)


def _moves(world: SmallWorld, states: Iterable[int], words: Words) -> Iterable[tuple[Move, int]]:
    for state in states:
        for move, after in world.moves(state):
            if words_of(world, move) == words:
                yield move, after


def _at_the_end(world: SmallWorld, checks: Checks, state: int) -> str | None:
    after = [then for move, then in world.moves(state) if move.free]
    if not after:
        return checks.at_rest(state)
    return ROUND_AND_ROUND if _comes_back(world, state, after) else None


def _comes_back(world: SmallWorld, state: int, after: list[int]) -> bool:
    """Whether free moves lead back to the state."""
    met, waiting = set[int](), [then for then in after if then != state]
    while waiting:
        one = waiting.pop()
        if one == state:
            return True
        if one not in met:
            met.add(one)
            waiting += (then for move, then in world.moves(one) if move.free)
    return False
