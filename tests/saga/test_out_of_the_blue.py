"""Events that no saga asked for: handled by the table, seen, and without harm to anybody."""

import pytest
from saga_checked import in_force
from saga_played import OUTER, by_hand, platforms, played, request, rest, saga_of, start
from saga_told import dead_letters, events, projected, status, undone

from contracts import poison

UNKNOWN = "00000000-0000-5000-8000-000000000000"


async def body_of(name: str):
    """As a real saga has it."""
    return next(one for one in events(await played(start("real"))) if one.name == name).body


def forged(name: str, body, source: str, saga: str = UNKNOWN):
    return by_hand(name, "forged-1", body, ce_source=source, ce_sagaid=saga)


async def test_progress_of_a_saga_that_never_started_goes_on_is_flagged_and_can_be_undone():
    body = await body_of("DocumentsVerified")
    sent = forged("DocumentsVerified", body, "/services/documents")
    world = await played(sent, outside=platforms())
    told = projected(world)[UNKNOWN]
    assert (told["status"], told["never_started"]) == ("COMPLETED", True)
    await world.publish(request("a", ce_sagaid=UNKNOWN))
    await rest(world)
    assert status(world, UNKNOWN) == "COMPENSATED"
    assert [in_force(world, step, UNKNOWN) for step in OUTER] == [0, 0, 0]


async def test_an_undo_of_a_saga_that_is_not_known_leaves_nothing_in_force():
    world = await played(request("a", ce_sagaid=UNKNOWN), outside=platforms())
    await rest(world)
    told = projected(world)[UNKNOWN]
    assert (told["status"], told["never_started"]) == ("COMPENSATED", True)
    assert set(undone(world, UNKNOWN).values()) == {"nothing_to_undo"}
    assert all(world.workers[step].outside.effects == [] for step in OUTER)


@pytest.mark.parametrize("source", ["/services/contract", "/producers/crm"])
async def test_what_somebody_else_says_in_the_name_of_a_step_is_a_dead_letter(source):
    """Also that it has undone, or failed: the chain would go on without it, or be told wrong."""
    saga = saga_of("a")
    world = await played(start("a"), outside=platforms())
    undo = {"step": "recruitment", "outcome": "undone"}
    failure = {"failed_step": "recruitment", "code": "FORGED", "reason": "No."}
    await world.publish(
        forged("DocumentsVerified", await body_of("DocumentsVerified"), source, saga),
        forged("CompensationCompleted", undo, source, saga),
        forged("PartnerOnboardingFailed", failure, source, saga),
    )
    await rest(world)
    assert set(dead_letters(world).values()) == {poison.WRONG_SOURCE}
    assert status(world, saga) == "COMPLETED"
    assert [in_force(world, step, saga) for step in OUTER] == [1, 1, 1]
