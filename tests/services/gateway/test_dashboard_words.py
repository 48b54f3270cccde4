"""What the pages say and draw of times and states; pure."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from contracts.journey import JOURNEYS, PARTNER_ONBOARDING_1
from saga_state.document import statuses
from services.gateway.dashboard.coalescing import Coalesced, kept_seconds
from services.gateway.dashboard.drawing import Node, across, down, in_words
from services.gateway.dashboard.words import duration, pretty, relative, span, tone

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "now"),
        (1, "1 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3_600, "1 h ago"),
        (90_000, "1 d ago"),
        (-20, "in 20 s"),
        (-86_400, "in 1 d"),
    ],
)
def test_a_time_is_told_by_how_long_ago_it_is(seconds: int, told: str):
    assert relative(NOW - timedelta(seconds=seconds), NOW) == told


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0 s"), (0.4, "0 s"), (3.2, "3 s"), (61.0, "1 min"), (7_300.5, "2 h")]
)
def test_how_long_something_has_waited_is_told_in_the_same_way(seconds: float, told: str):
    assert span(seconds) == told


@pytest.mark.parametrize(
    ("ms", "told"),
    [(None, ""), (0, "0 ms"), (999, "999 ms"), (1_250, "1.2 s"), (200_000, "3 min 20 s"),
     (18_180_000, "5 h 3 min")],
)  # fmt: skip
def test_a_duration_is_told_in_the_units_that_fit(ms: int | None, told: str):
    assert duration(ms) == told


def test_every_status_of_a_saga_has_a_tone_and_those_that_ended_badly_one_of_their_own():
    tones = {status: tone(status) for status in statuses(JOURNEYS)}
    assert tones["COMPLETED"] == "good"
    assert tones["FAILED"] == "bad"
    assert tones["COMPENSATING"] == "undoing"
    assert tones["COMPENSATED"] == "undone"
    assert tones["INITIATED"] == "open"


def test_values_of_any_kind_are_shown():
    assert (
        pretty({"at": NOW, "key": b"\xff"})
        == '{\n  "at": "2026-03-02T09:30:00Z",\n  "key": "ff"\n}'
    )


def node(step: str, state: str) -> Node:
    return Node(step, state, tone(state), False, "")


@pytest.mark.parametrize("draw", [across, down])
def test_a_drawing_has_a_box_for_each_step_inside_its_frame_and_none_on_another(draw):
    drawn = draw([node(name, "done") for name in PARTNER_ONBOARDING_1.step_names])
    places = [(one.x, one.y) for one in drawn.boxes]
    assert len(set(places)) == len(PARTNER_ONBOARDING_1.steps)
    assert all(0 <= x < drawn.width and 0 <= y < drawn.height for x, y in places)
    assert len(drawn.arrows) == len(places) - 1


def test_an_arrow_goes_back_from_what_was_undone():
    drawn = across([node("contract", "undone"), node("documents", "rejected")])
    x1, _, x2, _ = drawn.arrows[0].points
    assert (drawn.arrows[0].kind, x2 < x1) == ("back", True)


def test_the_drawing_is_told_in_words_too():
    assert in_words([node("contract", "done"), node("documents", "timed_out")]) == (
        "contract: done; documents: timed out"
    )


async def test_however_many_look_at_an_overview_it_is_asked_for_once():
    asked = []

    async def ask() -> int:
        asked.append(1)
        await asyncio.sleep(0)
        return len(asked)

    kept = Coalesced()
    told = await asyncio.gather(*(kept.of("acme", ask) for _ in range(50)))
    assert (set(told), len(asked)) == ({1}, 1)
    assert await kept.of("umbrella", ask) == 2


@pytest.mark.parametrize(("took", "kept"), [(0.0, 1.0), (0.1, 2.0), (0.5, 10.0), (60.0, 10.0)])
def test_an_answer_that_took_long_is_kept_longer_up_to_ten_seconds(took: float, kept: float):
    assert kept_seconds(took) == kept


async def test_what_could_not_be_asked_is_asked_again():
    async def fails() -> int:
        raise TimeoutError

    async def answers() -> int:
        return 7

    kept = Coalesced()
    with pytest.raises(TimeoutError):
        await kept.of("acme", fails)
    assert await kept.of("acme", answers) == 7


async def test_what_somebody_asked_for_later_is_what_all_are_told():
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def ask() -> str:
        begun.set()
        await may_end.wait()
        return "older"

    kept = Coalesced()
    asking = asyncio.create_task(kept.of("acme", ask))
    await begun.wait()
    kept.know("acme", "newer", time.monotonic())
    may_end.set()
    assert await asking == "newer"
    kept = Coalesced()
    kept.know("acme", "newer", time.monotonic() - 1)  # it took a second: kept for ten
    kept.know("acme", "oldest", 0.0)
    assert await kept.of("acme", ask) == "newer"
