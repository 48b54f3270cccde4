"""A swap between any two writes of the projector loses nothing: on a real mongod."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from pymongo import AsyncMongoClient
from rebuild_given import FIRST, THEN, Bench, Between, V, into, rebuilt
from saga_given import NOW, Voices, hash_of

from saga_state.building import Span, ranges
from saga_state.merging import notes_in
from saga_state.notes import note_of
from saga_state.projector import fold_into, keep
from saga_state.rebuild_store import GoneError
from saga_state.store import SagaStore, database
from saga_state.worker import project_everywhere
from tests.conftest import RealServers

pytestmark = pytest.mark.servers


@pytest.fixture
async def bench(real_servers: RealServers) -> AsyncIterator[Bench]:
    prefix = f"t{uuid4().hex[:12]}_"
    async with AsyncMongoClient(real_servers.mongo) as client:
        made = Bench(database(client, prefix))
        await made.begin()
        yield made
        await client.drop_database(f"{prefix}saga_state")


async def test_the_projector_is_told_of_a_rebuild_until_it_is_swapped_or_dropped(bench) -> None:
    store = await bench.live.building()
    assert store is not None
    assert store._sagas.name == bench.building.sagas
    await bench.swap()
    assert await bench.live.building() is None
    await bench.begin()
    assert bench.building.number == 2
    await bench.rebuild.drop(bench.building)
    assert await bench.live.building() is None


async def test_a_swap_before_both_writes_of_a_batch(bench) -> None:
    """The first goes to a collection that nobody needs any more."""
    await into(bench, bench.live, FIRST)
    await rebuilt(bench, FIRST)
    building = await bench.live.building()
    await bench.swap()
    await into(bench, building, THEN)
    await into(bench, bench.live, THEN)
    await bench.check(*FIRST, *THEN)


async def test_a_swap_between_the_two_writes_of_a_batch(bench) -> None:
    await into(bench, bench.live, FIRST)
    await rebuilt(bench, FIRST)
    await into(bench, await bench.live.building(), THEN)
    await bench.swap()
    await into(bench, bench.live, THEN)
    await bench.check(*FIRST, *THEN)


async def test_a_swap_between_reading_a_saga_and_writing_it(bench) -> None:
    """Both have as many writes behind them; still the guard tells one from the other."""
    await into(bench, bench.live, FIRST[:1])
    await rebuilt(bench, [*FIRST, *THEN])
    read = await bench.live.read_sagas([V.id])
    await bench.swap()
    await fold_into(bench.live, {V.id: [note_of(one, hash_of) for one in FIRST[:2]]}, read)
    await bench.check(*FIRST, *THEN)


async def test_a_swap_between_the_two_writes_of_the_projector(bench) -> None:
    """It writes what is under construction first: the other way round it would write to what is
    dropped, and then to what nobody reads."""
    await into(bench, bench.live, FIRST)
    await rebuilt(bench, FIRST)
    begun: list[SagaStore] = []
    await project_everywhere(THEN, Between(bench, bench.live, begun), hash_of)
    assert len(begun) == 2
    await bench.check(*FIRST, *THEN)


async def test_a_saga_that_the_projector_wrote_first_is_folded_with_what_was_read(bench) -> None:
    await into(bench, bench.built, THEN)
    await rebuilt(bench, FIRST)
    await bench.swap()
    await bench.check(*FIRST, *THEN)


async def test_a_swap_that_was_stopped_half_way_goes_on_and_takes_no_stray_for_the_new_one(
    bench,
) -> None:
    await rebuilt(bench, [*FIRST, *THEN])
    await bench.built.ensure()
    await bench.own[bench.building.events].rename("events", dropTarget=True)
    await keep(FIRST, bench.built, NOW)  # a worker that was told of the rebuild before
    await bench.rebuild.swap(bench.building)
    await bench.check(*FIRST, *THEN)
    await bench.rebuild.swap(bench.building)
    await bench.check(*FIRST, *THEN)


async def test_a_rebuild_whose_collections_were_dropped_is_not_swapped(bench) -> None:
    await into(bench, bench.live, FIRST)
    await rebuilt(bench, FIRST)
    await bench.own[bench.building.sagas].drop()
    await bench.own.create_collection(bench.building.sagas)
    with pytest.raises(GoneError):
        await bench.rebuild.swap(bench.building)
    assert await bench.live.read_sagas([V.id])


async def test_what_a_stray_worker_wrote_is_dropped_when_the_next_begins(bench) -> None:
    old = await bench.live.building()
    await bench.swap()
    await into(bench, old, FIRST)
    await bench.begin()
    names = await bench.own.list_collection_names()
    assert {name for name in names if name.endswith("_1")} == set()


async def test_what_is_live_alone_is_kept_with_its_saga_noted_before(bench) -> None:
    await into(bench, bench.live, [*FIRST, *THEN])
    await rebuilt(bench, THEN)
    kept = [await bench.material.keep_missing(one) for one in ranges()]
    assert sum(kept) == len(FIRST)
    assert await bench.material.kept_in(0) == [V.id]
    assert await bench.material.kept(9) == (1, [V.id])
    live = await bench.material.live.read_sagas([V.id])
    before = await bench.built.read_sagas([V.id])
    await fold_into(bench.built, {V.id: list(notes_in(live[V.id]))}, before)
    await bench.swap()
    await bench.check(*FIRST, *THEN)


async def test_an_event_that_is_live_alone_counts_as_missing_until_its_saga_is_noted(bench) -> None:
    """Stopped in between, the next look finds it again."""
    await into(bench, bench.live, FIRST)
    await bench.material.keep_missing(("", None))
    assert await bench.material.kept_in(0) == [V.id]
    assert await bench.material.keep_missing(("", None)) == 0
    assert await bench.material.kept_in(0) == [V.id]


async def test_notes_that_are_written_again_take_the_place_of_the_old_ones(bench) -> None:
    notes = [note_of(one, hash_of) for one in FIRST]
    await bench.material.write_notes(notes, "0000/0")
    await bench.material.write_notes(notes[:1], "0000/0")
    await bench.material.write_notes(notes[1:], "0000/1")
    assert await bench.material.notes_of(0) == {V.id: notes}


async def test_all_sagas_of_both_come_in_pairs(bench) -> None:
    ones = [Voices(number=str(n)) for n in range(30)]
    await into(bench, bench.live, [v.start() for v in ones[:20]])
    await into(bench, bench.built, [v.start() for v in ones[10:]])
    pairs = [pair for one in ranges() async for pair in bench.material.pairs(one)]
    found = {(live or built)["_id"]: (live is not None, built is not None) for live, built in pairs}
    assert found == {v.id: (n < 20, n >= 10) for n, v in enumerate(ones)}


async def test_one_process_at_a_time_holds_a_rebuild_and_a_dead_one_not_for_long(bench) -> None:
    assert await bench.rebuild.hold("one", 60)
    assert not await bench.rebuild.hold("other", 60)
    assert await bench.rebuild.hold("one", -1)
    assert await bench.rebuild.hold("other", 60)
    await bench.rebuild.give_back("one")
    assert not await bench.rebuild.hold("one", 60)
    await bench.rebuild.give_back("other")
    assert await bench.rebuild.hold("one", 60)


async def test_how_far_it_is_stands_in_the_database(bench) -> None:
    spans = [
        Span("onboarding.contract-created", 0, 3, 9),
        Span("onboarding.contract-created", 1, 0, 4),
    ]
    progress = await bench.rebuild.plan(bench.building, spans, 2)
    assert (progress.stage, progress.events) == ("reading", (0, 10))
    await bench.rebuild.read_up_to(bench.building, 0, 7, 1)
    await bench.rebuild.folded(bench.building, 1)
    progress = await bench.rebuild.progress()
    assert (progress.read, progress.poison, progress.folded) == ([7, 0], [1, 0], [False, True])
    assert (
        progress.begun_at
        == NOW.astimezone(UTC).replace(microsecond=0)
        == datetime(2025, 3, 1, 12, tzinfo=UTC)
    )


@pytest.mark.parametrize("stage", ["swapped", "dropped"])
async def test_who_lost_a_rebuild_to_others_cannot_say_that_it_is_ready_when_it_is_over(
    bench, stage
) -> None:
    await rebuilt(bench, FIRST)
    await (bench.swap() if stage == "swapped" else bench.rebuild.drop(bench.building))
    with pytest.raises(GoneError):
        await bench.rebuild.enter(bench.building, "ready")
    progress = await bench.rebuild.progress()
    assert progress is not None
    assert progress.stage == stage
