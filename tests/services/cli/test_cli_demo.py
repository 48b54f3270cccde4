"""The demo's starts, played by the real handlers in the in-memory world."""

from datetime import UTC, date, datetime, timedelta

import pytest

from contracts.envelope import Message
from contracts.reading import Reader
from saga_state.document import Saga
from saga_state.state import fold
from services.cli.demo_starts import DemoStart, demo_starts
from services.runtime.world import World
from services.steps import all_steps

TOPIC = "onboarding.partner-onboarding-initiated"
TODAY = date(2026, 3, 2)


class Clock:
    """Stands still but for what it is told."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.mark.parametrize("number", range(4))
async def test_each_ends_as_the_demo_says_it_should(number):
    start, clock = demo_starts("abc123", TODAY)[number], Clock()
    world = World(all_steps(), clock)
    if start.stopped:
        world.workers[start.stopped].is_up = False
    await world.publish(Message(start.event_id, TOPIC, None, start.value, start.headers))
    await world.run()
    clock.time += timedelta(hours=1)
    await world.sweep()
    await world.run()
    saga = projected(world, start)
    assert start.is_right(saga), (start.title, saga["status"], saga["failure"])
    assert saga["event_count"] == start.events


def projected(world: World, start: DemoStart) -> Saga:
    records = [one for topic in world.log.topics.values() for part in topic for one in part]
    events = [Reader().read(record) for record in records]
    own = [event for event in events if event.context.saga_id == start.saga_id]
    return fold(None, own, lambda _: None)


def test_they_carry_nothing_but_what_a_hand_made_message_must_have():
    tech, example, late, wait = demo_starts("abc123", TODAY)
    least = ["ce_type", "ce_id", "ce_source"]
    for start in (tech, late, wait):
        assert [name for name, _ in start.headers] == least
    assert [name for name, _ in example.headers] == [*least, "ce_journey"]


def test_two_runs_share_neither_ids_nor_e_mails():
    one, two = demo_starts("aaaaaa", TODAY), demo_starts("bbbbbb", TODAY)
    assert not {start.saga_id for start in one} & {start.saga_id for start in two}
    assert not {start.value for start in one} & {start.value for start in two}
