"""All checks of one small world, and where each is asked: of a move, or of a state at rest."""

from services.cli.proof.checks_at_rest import ChecksAtRest
from services.cli.proof.checks_of_log import ChecksOfLog
from services.cli.proof.places import Move
from services.cli.proof.small_world import SmallWorld

ROUND_AND_ROUND = "I1: it goes on for ever without coming to an end"


class Checks:
    """The checks of a world."""

    def __init__(self, world: SmallWorld) -> None:
        self._world = world
        self._log, self._rest = ChecksOfLog(world.messages, world.journey), ChecksAtRest(world)

    def of_move(self, move: Move, after: int) -> str | None:
        """What a move breaks, by itself, by what was said by then, or by whose turn it was."""
        wrong = move.wrong or self._log.of(self._world.published(after))
        return wrong or (self._rest.out_of_order(move, after) if move.undoes else None)

    def at_rest(self, state: int) -> str | None:
        """What is wrong with a state in which nothing more happens by itself."""
        return self._rest.of(state)

    def status(self, state: int) -> str:
        """What the projection says then."""
        return self._rest.status(self._world.published(state))
