"""What the search leaves out changes nothing: with and without it the same ends are reached."""

from array import array

import pytest

from contracts.journey import PARTNER_CREATION_1
from services.cli.proof import happenings
from services.cli.proof.actors import Actor
from services.cli.proof.circles import in_a_circle
from services.cli.proof.messages import numbers_in
from services.cli.proof.runs import BOTH, Run
from services.cli.proof.search import Search
from services.cli.proof.small_world import SmallWorld
from services.cli.proof.states import Budgets
from tests.services.cli.proof_planting import assert_found, no_effect, plant

pytestmark = pytest.mark.slow

WORLDS = {
    "inner": ((), Budgets(crash=1, duplicate=1, early=1, request=1)),
    "outer": (BOTH, Budgets(crash=1, early=1, request=1)),
    "calls": (BOTH, Budgets(request=1, early=1, lost=1, no=1)),
    "parked": (BOTH, Budgets(request=1, bug=1, redrive=1, resolve=1)),
}
End = tuple[frozenset[str], tuple[tuple[str, int], ...]]


@pytest.mark.parametrize("name", WORLDS)
def test_the_ends_are_those_of_a_search_that_leaves_nothing_out(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    outer, budgets = WORLDS[name]
    run = Run(name, PARTNER_CREATION_1, outer, budgets)
    reduced, states = ends_of(run)
    leave_nothing_out(monkeypatch)
    whole, all_states = ends_of(run)
    assert reduced == whole
    assert states < all_states


def test_a_mistake_is_found_as_soon_by_both(monkeypatch: pytest.MonkeyPatch):
    plant(monkeypatch, "undo, my turn", {"absent": no_effect})
    run = Run("no fence", PARTNER_CREATION_1, BOTH, Budgets(early=1, request=1))
    reduced = assert_found(run, "I1")
    leave_nothing_out(monkeypatch)
    whole = assert_found(run, "I1")
    assert reduced.violation
    assert whole.violation
    assert reduced.violation.what == whole.violation.what


@pytest.mark.parametrize(
    ("moves", "is_circle"),
    [([[1], [2], []], False), ([[1], [2], [1]], True), ([[0, 1], []], False)],
)
def test_a_circle_is_found(moves: list[list[int]], is_circle: bool):
    targets = array("i", [after for some in moves for after in some])
    until = array("q", [sum(map(len, moves[: n + 1])) for n in range(len(moves))])
    assert (in_a_circle(targets, until) in (1, 2)) == is_circle


def leave_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Actor, "matters", lambda *_: True)
    monkeypatch.setattr(Actor, "patient", lambda _, document, *__: document)
    monkeypatch.setattr(happenings, "still_out", lambda strays, _: strays)


def ends_of(run: Run) -> tuple[set[End], int]:
    world = run.world()
    search = Search(world, run.budgets)
    found = search.run(500_000, lambda *_: None)
    assert found.complete
    bounds = [0, *search.free_until]
    rest = [n for n in range(len(search.states)) if bounds[n] == bounds[n + 1]]
    return {end_of(world, search.states[number]) for number in rest}, found.states


def end_of(world: SmallWorld, state: int) -> End:
    """What was said, and what each step has at last; not the times that can strike no more."""
    said = (world.messages.all[one].event_id for one in numbers_in(world.published(state)))
    locals_ = [(place.actor, place.has(state)) for place in world.places]
    documents = [(actor.documents[one.document], one.platform) for actor, one in locals_]
    return frozenset(said), tuple((one.state if one else "", kept) for one, kept in documents)
