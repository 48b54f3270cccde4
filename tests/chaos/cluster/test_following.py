"""Who follows a run knows which sagas have ended, how, and how soon after a heal the next did."""

import asyncio
import json
from typing import Any

import pytest

from tests.chaos.cluster.following import Following
from tests.integration.outside import EVENTS, STEPS, Seen

C, F, K = "PartnerOnboardingCompleted", "PartnerOnboardingFailed", "CompensationCompleted"


def seen(event: str, correlation: str, topic: str = "", **body: Any) -> Seen:
    headers = {"ce_type": f"com.hexabuilders.onboarding.{event}.v1", "ce_sagaid": "s-1",
               "ce_correlationid": correlation}  # fmt: skip
    told = tuple((name, text.encode()) for name, text in headers.items())
    return Seen(f"onboarding.{topic}", 0, 0, b"p-1", json.dumps(body).encode(), told)


async def heard(*records: Seen) -> tuple[Following, list[str]]:
    """After these, and what it asked to undo."""
    asked: list[str] = []

    async def ask(saga: str, key: bytes) -> None:
        asked.append(f"{saga} {key.decode()}")

    following = Following("", ask)
    async with asyncio.TaskGroup() as asking:
        for one in records:
            following.take(one, asking)
    return following, asked


@pytest.mark.parametrize(
    ("one", "ended"),
    [
        (seen(C, "good-7"), True),
        (seen(C, "asked-7"), False),
        (seen(F, "denied-7", failed_step=STEPS[0]), True),
        (seen(F, "costly-7", failed_step=STEPS[3]), False),
        (seen(K, "costly-7", step=STEPS[0]), True),
        (seen(K, "costly-7", step=STEPS[1]), False),
        (seen("ContractCreated", "good-7"), False),
        (seen(C, "of another"), False),
    ],
)
async def test_a_saga_has_ended_when_its_completion_its_first_no_or_its_first_undo_is_heard(
    one: Seen, ended: bool
):
    following, _ = await heard(one)
    assert following.ended == ({7} if ended else set())


async def test_who_is_to_be_undone_is_asked_for_once_at_an_event_of_its_own():
    said = [
        seen("X", f"asked-{number}", topic, step="") for topic in EVENTS[1:6] for number in (5, 8)
    ]
    _, early = await heard(*said[:2])
    assert early == ["s-1 p-1"]
    following, asked = await heard(*said, *said)
    assert asked == ["s-1 p-1", "s-1 p-1"]
    assert following.asked == {5, 8}


async def test_a_heal_is_followed_by_the_next_new_end_alone():
    following, _ = await heard(seen(C, "good-1"))
    following.healed()
    assert following.waiting_since() > 0
    async with asyncio.TaskGroup() as asking:
        following.take(seen(C, "good-1"), asking)
        assert following.recoveries == []
        following.take(seen(C, "good-2"), asking)
    assert len(following.recoveries) == 1
    assert following.waiting_since() == 0
    assert following.drained > 0
