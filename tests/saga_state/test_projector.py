"""Projecting batches: the same suite for the store in memory and for MongoDB."""

import asyncio
from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from saga_given import NOW, Voices, at, hash_of, told

from saga_state.document import comparable
from saga_state.memory import MemoryStore
from saga_state.projector import project
from saga_state.records import stored_form


async def events_of(store, *voices: Voices):
    """What is stored, by `_id` (memory) or by the timeline (MongoDB)."""
    if isinstance(store, MemoryStore):
        return sorted(store.events.values(), key=lambda item: (item["time"], item["_id"]))
    return [item for v in voices for item in await store.timeline(v.context.tenant_id, v.id)]


async def saga_of(store, v: Voices):
    return (await store.read_sagas([v.id]))[v.id]


class Counting:
    """A store that counts the round trips made to the one inside."""

    def __init__(self, store) -> None:
        self.store, self.calls = store, Counter()

    def __getattr__(self, name: str):
        self.calls[name] += 1
        return getattr(self.store, name)


async def test_a_batch_is_kept_and_folded(any_store) -> None:
    v = Voices()
    batch = v.whole_way()
    projected = await project(batch, any_store, hash_of, NOW)
    assert comparable(await saga_of(any_store, v)) == comparable(told(*batch))
    assert [item["type"] for item in await events_of(any_store, v)][:2] == [
        batch[0].name,
        batch[1].name,
    ]
    assert (projected.duplicates, projected.reused, len(projected.sagas)) == (0, (), 1)


async def test_an_empty_batch_asks_nothing_of_the_store(any_store) -> None:
    """Such as one whose records were all poison."""
    counting = Counting(any_store)
    assert (await project([], counting, hash_of, NOW)).sagas == ()
    assert not counting.calls


async def test_an_event_is_stored_with_everything_it_came_with(any_store) -> None:
    v = Voices()
    event = v.did("registration", 1)
    await project([event], any_store, hash_of, NOW)
    (stored,) = await events_of(any_store, v)
    assert stored == stored_form(event, NOW)
    assert (stored["data"], stored["recorded_at"], stored["time"]) == (event.body, NOW, at(1))


async def test_a_repeated_batch_changes_nothing_and_counts_as_duplicates(any_store) -> None:
    v = Voices()
    batch = v.whole_way()
    await project(batch, any_store, hash_of, NOW)
    before = await saga_of(any_store, v)
    projected = await project(batch, any_store, hash_of, NOW)
    assert (projected.duplicates, projected.reused, projected.sagas) == (len(batch), (), ())
    assert await saga_of(any_store, v) == before


async def test_a_duplicate_keeps_the_smallest_offset_whichever_came_first(any_store) -> None:
    v = Voices()
    first = v.did("registration", 1)
    again = v.again(first)
    for batch in ([again], [first], [again]):
        await project(batch, any_store, hash_of, NOW)
    (stored,) = await events_of(any_store, v)
    assert stored["offset"] == first.record.offset


async def test_a_record_never_takes_the_place_of_an_earlier_one(any_store) -> None:
    """As when two workers clash over one identity and the later one writes last."""
    v = Voices()
    first = v.did("registration", 1)
    await project([first], any_store, hash_of, NOW)
    later = [v.again(first), v.again(first, partition=1), v.did("registration", 2)]
    for event in later:
        await any_store.replace_later([stored_form(event, NOW)])
    assert [item["offset"] for item in await events_of(any_store, v)] == [first.record.offset]


async def test_times_are_kept_in_the_whole_milliseconds_that_mongodb_keeps(any_store) -> None:
    v = Voices()
    batch = [v.start(0.0009), v.did("registration", 1.0005678, answer=0.0014)]
    await project(batch, any_store, hash_of, NOW)
    saga = await saga_of(any_store, v)
    assert (saga["initiated_at"], saga["updated_at"], saga["due_at"]) == (at(0), at(1), at(1.001))
    assert comparable(saga) == comparable(told(*batch))
    assert (await project(batch, any_store, hash_of, NOW)).sagas == ()


async def test_a_duplicate_in_one_batch_is_counted_and_kept_once(any_store) -> None:
    v = Voices()
    first = v.did("registration", 1)
    projected = await project([v.again(first), first, v.again(first)], any_store, hash_of, NOW)
    assert (projected.duplicates, projected.reused) == (2, ())
    assert [item["offset"] for item in await events_of(any_store, v)] == [first.record.offset]


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("turned", [True, False])
async def test_an_identity_with_another_body_is_reported_and_the_earlier_is_kept(
    any_store, apart: bool, turned: bool
) -> None:
    v = Voices()
    pair = [v.failed("contract", 1, "NO"), v.failed("contract", 2, "OTHER")]
    batch = pair[::-1] if turned else pair
    told_of = []
    for part in [[batch[0]], [batch[1]]] if apart else [batch]:
        told_of += (await project(part, any_store, hash_of, NOW)).reused
    assert [item.event for item in told_of] == [batch[1] if apart else pair[1]]
    (stored,) = await events_of(any_store, v)
    assert stored["data"]["code"] == "NO"
    assert (await saga_of(any_store, v))["failure"]["code"] == "NO"
    coordinates = {item.event.record.offset for item in told_of} | {told_of[0].other[2]}
    assert coordinates == {event.record.offset for event in pair}


async def test_an_identity_used_in_two_sagas_is_reported_though_the_bodies_are_equal(
    any_store,
) -> None:
    one, other = Voices(number="1"), Voices(number="2", offset=50)
    same = {"event_id": "same"}
    batch = [one.undid("contract", 1, **same), other.undid("contract", 2, **same)]
    projected = await project(batch, any_store, hash_of, NOW)
    assert [item.event for item in projected.reused] == [batch[1]]


async def test_a_batch_costs_the_same_round_trips_however_large(any_store) -> None:
    voices = [Voices(number=str(n)) for n in range(40)]
    counting = Counting(any_store)
    await project([event for v in voices for event in v.whole_way()], counting, hash_of, NOW)
    assert counting.calls == {"insert_events": 1, "read_sagas": 1, "write_sagas": 1}


async def test_two_projectors_at_once_end_in_the_same_documents(any_store) -> None:
    """Every event of every saga is projected by one of two workers, some by both."""
    chance = Random(7)
    sagas = [(v, v.undone_from("campaigns")) for v in (Voices(number=str(n)) for n in range(30))]
    events = [event for _, history in sagas for event in history]
    shares = [[], []]
    for event in events:
        for share in chance.sample(shares, chance.choice([1, 1, 2])):
            share.append(event)

    async def work(share: list) -> int:
        chance.shuffle(share)
        results = [
            await project(share[start : start + 20], any_store, hash_of, NOW)
            for start in range(0, len(share), 20)
        ]
        return sum(len(result.sagas) for result in results)

    writes = await asyncio.gather(*map(work, shares))
    stored = await any_store.read_sagas([v.id for v, _ in sagas])
    assert {id_: comparable(saga) for id_, saga in stored.items()} == {
        v.id: comparable(told(*history)) for v, history in sagas
    }
    assert sum(saga["revision"] for saga in stored.values()) == sum(writes)


async def test_a_write_that_another_worker_came_before_misses_and_is_folded_again(
    any_store,
) -> None:
    v = Voices()
    await project([v.start()], any_store, hash_of, NOW)

    class Overtaken(Counting):
        async def read_sagas(self, saga_ids):
            found = await any_store.read_sagas(saga_ids)
            self.calls["read_sagas"] += 1
            if self.calls["read_sagas"] == 1:
                await project([v.did("registration", 1)], any_store, hash_of, NOW)
            return found

    overtaken = Overtaken(any_store)
    await project([v.did("contract", 2)], overtaken, hash_of, NOW)
    saga = await saga_of(any_store, v)
    assert overtaken.calls["read_sagas"] == 2
    assert (saga["status"], saga["event_count"], saga["revision"]) == ("CONTRACT_CREATED", 3, 3)


async def test_a_batch_that_was_cut_off_after_its_events_is_made_whole_by_repeating_it(
    any_store,
) -> None:
    v = Voices()
    batch = v.whole_way()
    await any_store.insert_events([stored_form(event, NOW) for event in batch])
    projected = await project(batch, any_store, hash_of, NOW)
    assert projected.duplicates == len(batch)
    assert (await saga_of(any_store, v))["status"] == "COMPLETED"


async def test_a_later_reading_of_the_same_record_is_no_reuse(any_store) -> None:
    v = Voices()
    event = v.start()
    raised = replace(event, context=replace(event.context, journey_version=2))
    await project([event], any_store, hash_of, NOW)
    projected = await project([raised], any_store, hash_of, NOW)
    assert (projected.duplicates, projected.reused) == (1, ())
