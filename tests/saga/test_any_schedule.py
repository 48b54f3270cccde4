"""Whatever order, size and repetition deliveries come in: the same is said, once is done."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from saga_played import CREATION, ONBOARDING, START, new_world, restless, saga_of, start
from saga_schedules import Schedule
from saga_told import bodies, by_saga, dead_letters, effects_of, events, hash_of, projected

from contracts.envelope import Message
from contracts.topics import event_topic
from saga_state.state import evolve, fold
from services.steps import all_steps

KINDS = (
    {},
    {"pais": "AQ"},
    {"tipo_partner": "INDIVIDUAL"},
    {"documents": [{"type": "IDENTITY", "number": ""}]},
    {"campaign_permissions": "VIDEO"},
    {"email": "nobody"},
)
POISON = (
    (event_topic(START), b"{"),
    (event_topic("ContractCreated"), b"[]"),
    (event_topic("CampaignsEnabled"), None),
    (event_topic("PartnerRegistrationCompleted"), b'{"partner": 5}'),
)
kinds = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from((ONBOARDING, CREATION))),
    max_size=5,
    min_size=1,
)
poison = st.lists(st.sampled_from(POISON), max_size=4)
chances = st.builds(random.Random, st.integers(0, 2**32))  # to draw each choice would be slow
thorough = settings(max_examples=20)


def starts_of(chosen) -> list[Message]:
    return [
        start(f"p-{number}", journey, **changes) for number, (changes, journey) in enumerate(chosen)
    ]


def spoilt(topic: str, value: bytes | None) -> Message:
    """A record with an envelope that reads and a value that does not, or with neither."""
    sent = start("spoilt")
    name = {
        event_topic(n): n
        for n in ("ContractCreated", "CampaignsEnabled", "PartnerRegistrationCompleted", START)
    }
    headers = (
        ("ce_type", f"com.hexabuilders.onboarding.{name[topic]}.v1".encode()),
        ("ce_id", b"x"),
        ("ce_source", b"/x"),
        ("ce_sagaid", b"s"),
    )
    return replace(sent, topic=topic, value=value, headers=headers)


async def scheduled(chosen, spoils, chance: random.Random, steps=None):
    """The starts, each perhaps several times, among poison; then any schedule."""
    world = new_world(steps)
    sent = [message for message in starts_of(chosen) for _ in range(chance.randint(1, 2))]
    sent += [spoilt(*spoil) for spoil in spoils]
    chance.shuffle(sent)
    await world.publish(*sent)
    await Schedule(world, chance).run()
    return world


@thorough
@given(kinds, poison, chances)
async def test_i3_any_schedule_says_the_same_under_the_same_ids(chosen, spoils, chance):
    in_turn = new_world()
    await in_turn.publish(*starts_of(chosen))
    await in_turn.run()
    world = await scheduled(chosen, spoils, chance)
    forms, expected = bodies(world), bodies(in_turn)
    assert {own: {body for body, _ in told} for own, told in forms.items()} == {
        own: {body for body, _ in told} for own, told in expected.items()
    }
    assert all(len(told) == 1 for told in forms.values())


@thorough
@given(kinds, poison, chances)
async def test_i2_any_schedule_has_one_effect_for_a_saga_and_step(chosen, spoils, chance):
    """Each decision would give another number; numbers are counted where the world sees them."""
    world = await scheduled(chosen, spoils, chance, [restless(step) for step in all_steps()])
    told = effects_of(world)
    assert all(len(numbers) == 1 for numbers in told.values())
    completed = {
        saga_of(f"p-{n}", journey): journey
        for n, (changes, journey) in enumerate(chosen)
        if changes == {}
    }
    for saga, journey in completed.items():
        assert len([step for own, step in told if own == saga]) == (
            5 if journey == ONBOARDING else 2
        )


@thorough
@given(kinds, poison, chances)
async def test_i1_i5_any_schedule_has_the_same_ends_and_the_projection_any_order(
    chosen, spoils, chance
):
    in_turn = new_world()
    await in_turn.publish(*starts_of(chosen))
    await in_turn.run()
    world = await scheduled(chosen, spoils, chance)
    sagas = projected(world)
    ends = {saga: document["status"] for saga, document in sagas.items()}
    assert ends == {saga: document["status"] for saga, document in projected(in_turn).items()}
    for saga, heard in by_saga(events(world)).items():
        chance.shuffle(heard)
        assert fold(None, heard, hash_of) == sagas[saga]
        folded = None
        for event in heard:
            folded = evolve(folded, event, hash_of)
        assert folded == sagas[saga]


@thorough
@given(kinds, poison, chances)
async def test_i6_all_that_cannot_be_read_is_a_dead_letter_with_its_coordinates(
    chosen, spoils, chance
):
    world = await scheduled(chosen, spoils, chance)
    expected = {
        (record.topic, record.partition, record.offset)
        for topic in {topic for topic, _ in POISON}
        for record in world.log.records(topic)
        if dict(record.headers).get("ce_id") == b"x"
    }
    assert len(expected) == len(spoils)
    assert set(dead_letters(world)) == expected


async def test_a_schedule_repeats_mixes_and_falls_back():
    """What the tests above rest on."""
    chance = random.Random(7)
    world = new_world()
    await world.publish(*starts_of([({}, ONBOARDING)] * 5))
    schedule = Schedule(world, chance)
    await schedule.run()
    times = [len(told) for told in by_saga(events(world)).values()]
    assert min(times) > 7
    assert set(schedule.batches) == set(world.workers)
    for worker in world.workers.values():
        read_all = all(
            len(world.log.topics[topic][partition]) == worker.positions.get((topic, partition), 0)
            for topic in worker.topics
            for partition in range(world.log.partitions)
        )
        assert read_all
