"""How often each cell of the protocol's table was met, and which were not."""

from collections import Counter
from collections.abc import Iterable, Mapping

from services.cli.proof.places import Options, Place
from services.cli.proof.small_world import SmallWorld
from services.runtime.protocol import TABLE


def cells_met(world: SmallWorld) -> Counter[str]:
    """In how many moves a cell was met. A message that is left out because it changes nothing
    where it is heard counts once for each document that would hear it."""
    met = Counter[str]()
    for place in world.places:
        met.update(place.actor.dropped)
        for options in _options(place):
            for move in options.moves:
                for cell in move.happening.cells:
                    met[cell] += options.met
    return met


def all_cells() -> list[str]:
    """The cells of the table, as delivery names them, row by row."""
    return [f"{row}, {state}" for row, states in TABLE.items() for state in states]


def missing(met: Mapping[str, int]) -> list[str]:
    """The cells that were not."""
    return [cell for cell in all_cells() if not met.get(cell)]


def _options(place: Place) -> Iterable[Options]:
    yield from place.options.values()
    for known in place.again.values():
        yield from known.values()
