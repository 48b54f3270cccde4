"""The undo plan against what then happens: the same steps, in the same order, undone or not."""

from collections.abc import Iterator

import pytest
from saga_played import CREATION, ONBOARDING, new_world, platforms, request, rest, saga_of, start
from saga_told import projected, status, undone

from contracts.journey import JOURNEYS
from saga_state.undo_plan import UndoPlan, undo_plan
from services.runtime.world import World

OUTCOMES = {
    "reversed": {"undone"},
    "nothing": {"nothing_to_undo", None},
    "unknown": {"undone", "nothing_to_undo"},
}


def cases() -> Iterator[tuple[str, str | None, str | None]]:
    """Of each journey: the step that is down, and the one that is said to have failed."""
    for journey in (ONBOARDING, CREATION):
        names = JOURNEYS[journey, 1].step_names
        for down in (None, *names[1:]):
            for failed in (None, *names):
                yield journey, down, failed


async def until(journey: str, down: str | None, outside) -> World:
    """Everybody but that step has done what there is to do."""
    world = new_world(outside=outside)
    if down:
        world.workers[down].is_up = False
    await world.publish(start("a", journey))
    await world.run()
    return world


def order_in(plan: UndoPlan, names: set[str]) -> list[str]:
    return [one["step"] for one in plan["steps"] if one["step"] in names and one["after"]]


CASES = [*cases()]


@pytest.mark.parametrize("outside", [dict, platforms])
@pytest.mark.parametrize(("journey", "down", "failed"), CASES)
async def test_what_is_undone_is_what_was_planned(journey, down, failed, outside):
    world, saga = await until(journey, down, outside()), saga_of("a", journey)
    plan = undo_plan(projected(world)[saga], failed_step=failed)
    assert plan["refused"] is None
    await world.publish(request("a", failed, journey))
    await world.run()
    if down:
        world.workers[down].is_up = True
    await rest(world)
    found = undone(world, saga)
    for one in plan["steps"]:
        assert found.get(one["step"]) in OUTCOMES[one["effect"]], one
    chain = order_in(plan, set(found))
    assert [step for step in found if step in chain] == chain
    after = undo_plan(projected(world)[saga], failed_step=failed)
    assert (after["hash"] == plan["hash"], status(world, saga)) == (False, "COMPENSATED")


async def test_a_step_that_was_not_asked_yet_can_still_be_done_and_is_then_undone_too():
    """As the plan says: the answer of documents overtakes the request."""
    world, saga = await until(ONBOARDING, "documents", {}), saga_of("a")
    plan = undo_plan(projected(world)[saga])
    assert "undone too, if it is before it hears" in plan["steps"][0]["why"]
    world.workers["documents"].is_up = True
    await world.publish(request("a"))
    await rest(world)
    assert undone(world, saga)["recruitment"] == "undone"
    assert status(world, saga) == "COMPENSATED"
