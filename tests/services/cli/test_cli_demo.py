"""The demo's three starts, played by the real handlers in the in-memory world."""

from datetime import UTC, date, datetime

from contracts.envelope import Message
from contracts.reading import Reader
from saga_state.state import fold
from services.cli.demo_starts import demo_starts
from services.runtime.world import World
from services.steps import all_steps

TOPIC = "onboarding.partner-onboarding-initiated"
TODAY = date(2026, 3, 2)


def now() -> datetime:
    return datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


async def test_the_three_end_as_the_demo_says_they_should():
    starts = demo_starts("abc123", TODAY)
    world = World(all_steps(), now)
    for start in starts:
        await world.publish(Message(start.event_id, TOPIC, None, start.value, start.headers))
    await world.run()
    records = [one for topic in world.log.topics.values() for part in topic for one in part]
    events = [Reader().read(record) for record in records]
    for start in starts:
        own = [event for event in events if event.context.saga_id == start.saga_id]
        saga = fold(None, own, lambda _: None)
        assert start.is_right(saga), (start.title, saga["status"], saga["failure"])
        assert saga["event_count"] == start.events


def test_they_carry_nothing_but_what_a_hand_made_message_must_have():
    tech, example, late = demo_starts("abc123", TODAY)
    least = ["ce_type", "ce_id", "ce_source"]
    assert [name for name, _ in tech.headers] == [name for name, _ in late.headers] == least
    assert [name for name, _ in example.headers] == [*least, "ce_journey"]


def test_two_runs_share_neither_ids_nor_e_mails():
    one, two = demo_starts("aaaaaa", TODAY), demo_starts("bbbbbb", TODAY)
    assert not {start.saga_id for start in one} & {start.saga_id for start in two}
    assert not {start.value for start in one} & {start.value for start in two}
