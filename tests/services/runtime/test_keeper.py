"""The sweeper's lease and the times it moves: one suite for memory and for MongoDB."""

from dataclasses import replace

import pytest
from keeper_given import MemoryKeeper
from stored_given import after, document, due, stored, watching

from services.runtime.process_store import TimeStore
from services.runtime.vitals import Vitals

REAL = pytest.param("real", marks=pytest.mark.servers)


@pytest.fixture
def memory_keeper():
    keeper = MemoryKeeper()
    return keeper, keeper.store


@pytest.fixture
def real_keeper(mongo, real_store, prefix):
    return TimeStore(mongo, f"{prefix}onboarding_contract", Vitals()), real_store


@pytest.fixture(params=["memory", REAL])
def both(request):
    """A keeper, and the store whose documents it moves."""
    return request.getfixturevalue(f"{request.param}_keeper")


async def test_the_first_who_asks_has_the_lease_and_nobody_else_while_it_lasts(both):
    keeper, _ = both
    one = await keeper.renew("a", 60, 8)
    assert (one.owner, one.fence, one.gap_seconds) == ("a", 1, 0)
    other = await keeper.renew("b", 60, 8)
    assert (other.owner, other.fence, other.until) == ("a", 1, one.until)


async def test_its_owner_renews_it_under_the_same_fence(both):
    keeper, _ = both
    one = await keeper.renew("a", 60, 8)
    again = await keeper.renew("a", 90, 8)
    assert (again.owner, again.fence) == ("a", 1)
    assert again.until > one.until


async def test_each_new_owner_has_a_higher_fence(both):
    keeper, _ = both
    fences = [(await keeper.renew(owner, 0, 8)).fence for owner in "abab"]
    assert fences == [1, 2, 3, 4]


async def test_a_lease_that_was_given_back_is_free_at_once(both):
    keeper, _ = both
    await keeper.renew("a", 60, 8)
    await keeper.give_back("a")
    assert (await keeper.renew("b", 60, 8)).owner == "b"


async def test_nobody_gives_back_the_lease_of_another(both):
    keeper, _ = both
    await keeper.renew("a", 60, 8)
    await keeper.give_back("b")
    assert (await keeper.renew("b", 60, 8)).owner == "a"


async def test_nothing_waits_where_nothing_is_due_ever(both):
    keeper, store = both
    await store.write([document(sent=1)], {})
    assert not await keeper.has_waiting()
    await store.write([watching("b")], {})
    assert await keeper.has_waiting()


async def test_a_shift_moves_every_limit_of_what_waits_but_not_when_to_try_again(both):
    keeper, store = both
    waits = document(
        "b", state="undoing", sent=1, try_at=after(1), deadline_at=after(2), give_up_at=after(3)
    )
    await store.write([watching("a", 35), waits, document("c", sent=1)], {})
    await keeper.shift(60)
    moved = await stored(store, "b")
    assert (moved.try_at, moved.deadline_at, moved.give_up_at) == (after(1), after(62), after(63))
    assert (await stored(store, "a")).watch_at == after(95)
    assert await due(store, 60) == ["b"]
    assert await due(store, 95) == ["b", "a"]
    assert (await stored(store, "c")).revision == 1


async def test_what_was_decided_from_times_before_a_shift_misses(both):
    keeper, store = both
    await store.write([watching("a", 35)], {})
    older = await stored(store, "a")
    await keeper.shift(60)
    (result,) = await store.write([replace(older, watch_at=after(1))], {})
    assert type(result).__name__ == "Missed"
    assert (await stored(store, "a")).watch_at == after(95)


async def test_a_gap_is_told_at_every_renewal_until_a_shift_has_closed_it(both):
    """Whoever dies in between has moved nothing, and the next one is told."""
    keeper, _ = both
    await keeper.renew("a", 0, 8)
    gaps = [(await keeper.renew(owner, 0, -1)).gap_seconds for owner in "abb"]
    assert gaps == sorted(gaps)
    await keeper.shift(max(gaps[-1], 0.001))
    assert (await keeper.renew("c", 0, 8)).gap_seconds <= 8
