"""I5: the projection is a fold of the events, in any order, with any duplicates, by any workers."""

import asyncio
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from saga_forged import forged, proper
from saga_given import NOW, Voices, hash_of, told

from contracts.envelope import Event
from saga_state.document import comparable
from saga_state.memory import MemoryStore
from saga_state.projector import project
from saga_state.state import evolve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

HISTORIES = st.one_of(proper(), forged())
MANY = settings(max_examples=300)
CHANCE = st.randoms(use_true_random=False)


def in_batches(events: list[Event], chance: Random) -> list[list[Event]]:
    cuts = sorted(chance.sample(range(len(events) + 1), min(2, len(events))))
    parts = [events[start:end] for start, end in zip([0, *cuts], [*cuts, len(events)], strict=True)]
    return [part for part in parts if part]


def numbered(events: list[Event]) -> list[Event]:
    """The events at offsets of their own: no two records have the same coordinates."""
    return [
        replace(event, record=replace(event.record, offset=offset))
        for offset, event in enumerate(events)
    ]


def content(store: MemoryStore) -> tuple[object, object]:
    return {id_: comparable(saga) for id_, saga in store.sagas.items()}, store.events


@MANY
@given(HISTORIES, CHANCE)
def test_any_order_and_any_duplicates_give_the_same_document(
    events: list[Event], chance: Random
) -> None:
    shuffled = [*events, *chance.choices(events, k=3)]
    chance.shuffle(shuffled)
    saga = None
    for event in shuffled:
        saga = evolve(saga, event, hash_of)
    assert saga == told(*events)


@MANY
@given(HISTORIES, CHANCE)
def test_any_split_into_batches_gives_the_same_store(events: list[Event], chance: Random) -> None:
    one, other = MemoryStore(), MemoryStore()
    shuffled = [*events, *chance.choices(events, k=3)]
    chance.shuffle(shuffled)

    async def play() -> None:
        await project(events, one, hash_of, NOW)
        for batch in in_batches(shuffled, chance):
            await project(batch, other, hash_of, NOW)

    asyncio.run(play())
    assert content(one) == content(other)


@MANY
@given(st.lists(HISTORIES, min_size=1, max_size=3), CHANCE)
def test_any_number_of_workers_at_once_end_in_the_same_store(
    histories: list[list[Event]], chance: Random
) -> None:
    events = numbered([event for history in histories for event in history])
    alone, shared = MemoryStore(), MemoryStore()
    workers = [[*chance.sample(events, len(events) // 2)] for _ in range(2)]
    workers.append([event for event in events if not any(event in part for part in workers)])
    shares = [in_batches(part, chance) for part in workers if part]

    async def play() -> None:
        await project(events, alone, hash_of, NOW)
        await asyncio.gather(*(_play(batches, shared) for batches in shares))

    asyncio.run(play())
    assert content(alone) == content(shared)


async def _play(batches: list[list[Event]], store: MemoryStore) -> None:
    for batch in batches:
        await project(batch, store, hash_of, NOW)


@MANY
@given(forged(), CHANCE)
def test_no_tenant_changes_the_started_saga_of_another(events: list[Event], chance: Random) -> None:
    start = next((event for event in events if event.name == "PartnerOnboardingInitiated"), None)
    if start is None:
        return
    own = [event for event in events if event.context.tenant_id == start.context.tenant_id]
    shuffled = chance.sample(events, len(events))
    assert told(*shuffled) == told(*own)


@MANY
@given(HISTORIES)
def test_every_document_is_consistent_in_itself(events: list[Event]) -> None:
    saga = told(*events)
    ended = saga["status"] in ("COMPLETED", "FAILED", "COMPENSATED")
    assert (saga["current_step"] is None) == (saga["ended_at"] is not None) == ended
    assert [step["step"] for step in saga["steps"]] == list(Voices(saga["journey"]).steps)
    assert 1 <= saga["event_count"] <= len(events)
