"""Sagas whose steps call outside systems: one effect each, whatever the platform does.

What the platform did is counted in its own log.
"""

import pytest

from contracts.journey import JOURNEYS
from deploy.local.platform_faults import SYSTEMS
from tests.integration.outside import Reading, Seen
from tests.integration.polling import until
from tests.integration.system import System
from tests.integration.with_platform import (
    check_one_effect_each,
    effects_of,
    ended,
    partner,
    platform_of,
    send,
    send_of,
    statuses,
    until_struck,
)

SOME = 20
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


async def test_every_step_with_an_outside_system_has_one_effect_for_each_saga(running: System):
    partners = await send(running, SOME)
    assert set(await statuses(running, partners)) == {"COMPLETED"}
    check_one_effect_each(platform_of(running), partners)


async def test_a_platform_that_is_slow_for_one_partner_holds_no_other_saga(running: System):
    """Five seconds for each of three calls; told by the order in which they complete."""
    slow = partner()
    await platform_of(running).tell("slow", seconds=5, partner_id=slow)
    topic = f"{running.prefix}onboarding.partner-onboarding-completed"
    order: list[str] = []
    async with Reading(running.kafka, [topic]) as reading:
        await reading.to_the_end()
        await send_of(running, [slow])
        await until_struck(running, 1)
        others = await send(running, 12)
        wanted = {slow, *others}

        async def all_seen() -> bool:
            order.extend(map(partner_of, await reading.more()))
            return wanted <= set(order)

        await until("completions", all_seen)
    assert [one for one in dict.fromkeys(order) if one in wanted][-1] == slow
    check_one_effect_each(platform_of(running), [slow, *others])


async def test_lost_answers_and_500s_end_with_one_effect_each(running: System):
    platform = platform_of(running)
    await platform.tell("lose", share=0.3, seed=1)
    await platform.tell("error", share=0.3, seed=2)
    partners = await send(running, SOME)
    assert set(await statuses(running, partners)) == {"COMPLETED"}
    assert min(fault["struck"] for fault in await platform.told()) > 0
    check_one_effect_each(platform, partners)
    assert platform.counted("repeated").total() > 0, "no answer was lost after its work"


async def test_a_refused_partner_is_undone_and_its_effects_are_removed(running: System):
    platform, refused = platform_of(running), partner()
    await platform.tell("refuse", step="recruitment", partner_id=refused)
    await send_of(running, [refused])
    (saga,) = await ended(running, [refused])
    assert saga["status"] == "COMPENSATED"
    assert saga["failure"]["code"] == "SEATS_EXCEEDED"
    told = [(one["step"], one["what"]) for one in effects_of(platform, [refused])]
    assert told == [
        ("documents", "created"), ("campaigns", "created"), ("recruitment", "refused"),
        ("campaigns", "removed"), ("documents", "removed"),
    ]  # fmt: skip


async def test_an_undo_is_asked_for_until_it_is_answered(running: System):
    platform, refused = platform_of(running), partner()
    await platform.tell("refuse", step="campaigns", partner_id=refused)
    await platform.tell("error", step="documents", partner_id=refused, method="DELETE", times=2)
    await platform.tell("lose", step="documents", partner_id=refused, method="DELETE", times=3)
    await send_of(running, [refused])
    (saga,) = await ended(running, [refused])
    assert saga["status"] == "COMPENSATED"
    told = [(one["step"], one["what"]) for one in effects_of(platform, [refused])]
    assert told == [("documents", "created"), ("campaigns", "refused"), ("documents", "removed")]


def test_the_platform_has_steps_of_the_journey_only():
    assert all(any(one.step(step) for one in JOURNEYS.values()) for step in SYSTEMS)


def partner_of(completed: Seen) -> str:
    return (completed.key or b"").decode()
