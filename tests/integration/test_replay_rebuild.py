"""The projection rebuilt on real servers: killed and gone on, while sagas go on and it is swapped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from pymongo import AsyncMongoClient

from saga_state.queries import SAGA_INDEXES
from tests.conftest import RealServers
from tests.integration import ran
from tests.integration.independent_fold import as_told
from tests.integration.played import completed_one, played
from tests.integration.rebuild_site import Site, killed_half_way, left_long_ago, places
from tests.integration.system import system

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(600)]
PLAYED, COPIED, AT_ONCE = 120, 1_500, 3


@pytest.fixture
async def site(real_servers: RealServers, prefix: str, tmp_path: Path) -> AsyncIterator[Site]:
    servers, only = real_servers, ("saga_state",)
    async with (
        system(
            servers.kafka, servers.mongo, prefix, tmp_path / "up", only, {"saga_state": 2}
        ) as up,
        AIOKafkaProducer(bootstrap_servers=servers.kafka) as producer,
        AsyncMongoClient[dict[str, Any]](servers.mongo) as client,
    ):
        database = client[f"{prefix}saga_state"]
        yield Site(up, tmp_path, producer, await completed_one(), database)


async def test_a_rebuild_that_was_killed_goes_on_and_nothing_is_missing_after_the_swap(site: Site):
    await site.say(await played(PLAYED, "before"))
    await site.more(COPIED)
    async with _beside(site.go_on()):
        await killed_half_way(site)
        ended = await site.rebuild("--swap", "-o", "json")
        assert ended.code == 0, ended.err
    told = ended.json
    assert (told["stage"], told["not_rebuilt"]) == ("swapped", 0)
    assert 0 < told["records_read"] < 0.6 * told["records"]  # it did not begin anew
    await site.check()
    await _leaves_nothing_that_is_not_live(site.database)
    await _serves_questions(site.database)
    for name in ("saga_state", "saga_state-2"):
        assert site.running.log(name).count("process.started") == 1


async def _leaves_nothing_that_is_not_live(database: Any) -> None:
    """A worker whose batch had begun before the swap makes a collection under the old name anew.
    It wrote the same to the live one; the next rebuild drops it."""
    names = {*await database.list_collection_names()}
    assert names >= {"sagas", "events", "meta"}
    for name in names - {"sagas", "events", "meta"}:
        live = database[name.partition("_")[0]]
        ids = [one["_id"] async for one in database[name].find({}, {"_id": 1})]
        assert await live.count_documents({"_id": {"$in": ids}}) == len(ids)


async def test_a_rebuild_beside_a_projection_that_is_right_finds_no_difference(site: Site):
    await site.say(await played(PLAYED, "right"))
    await site.running.at_rest("saga-state")
    ended = await site.rebuild("-o", "json")
    assert (ended.code, ended.json["stage"], ended.json["differ"]) == (0, "ready", 0)
    assert ended.json["compared"] == PLAYED
    assert "writes to both until it is swapped" in ended.err
    await site.say(await played(PLAYED, "later"))
    await site.running.at_rest("saga-state")
    names = await site.database.list_collection_names()
    (built,) = (name for name in names if name.startswith("sagas_"))
    assert await site.database[built].count_documents({}) == 2 * PLAYED
    ended = await site.rebuild("--drop")
    assert (ended.code, "note: the rebuild is dropped (events_1, sagas_1)" in ended.err) == (
        0,
        True,
    )
    assert {*await site.database.list_collection_names()} == {"sagas", "events", "meta"}
    await site.check()


async def test_what_differs_is_told_by_field_and_is_right_after_the_swap(site: Site):
    await site.say(await played(PLAYED, "wrong"))
    await site.running.at_rest("saga-state")
    completed = {"status": "COMPLETED"}
    wrong = await site.database.sagas.update_many(completed, {"$set": {"status": "FAILED"}})
    await site.database.sagas.delete_one({"status": "CONTRACT_CREATED"})
    ended = await site.rebuild("-o", "json")
    fields = {one["field"]: one["sagas"] for one in ended.json["fields"]}
    assert (ended.code, fields) == (1, {"status": wrong.modified_count, "(no such saga)": 1})
    assert "differs from the live one" in ended.err
    ended = await site.rebuild("--swap", "--by", "ana")
    assert ended.code == 0, ended.err
    await site.check()
    audit = site.database.client[f"{site.running.prefix}onboarding_gateway"].audit
    (act,) = await audit.find({"what": "replay.swap", "outcome": "done"}).to_list()
    assert act["who"].startswith("ana (")


async def test_what_has_left_the_topics_is_kept_and_named(site: Site):
    gone, there = await played(6, "gone"), await played(6, "there")
    await left_long_ago(site, gone)
    await site.say(there)
    await site.running.at_rest("saga-state")
    before = {one["_id"]: one for one in await site.running.sagas()}
    ended = await site.rebuild("--swap", "-o", "json")
    ids = {dict(one.headers)["ce_sagaid"].decode() for one in gone}
    assert (ended.code, {*ended.json["not_rebuilt_ids"]}) == (0, ids)
    assert "6 sagas cannot be rebuilt, for records have left the topics" in ended.err
    after = {one["_id"]: one for one in await site.running.sagas()}
    assert {id_: as_told(one) for id_, one in after.items()} == {
        id_: as_told(one) for id_, one in before.items()
    }
    assert await site.database.events.count_documents({}) == len([*gone, *there])


async def test_a_partition_that_holds_one_record_that_is_no_event_is_read_to_its_end(site: Site):
    topic = f"{site.running.prefix}onboarding.contract-created"
    await site.producer.send_and_wait(topic, b"no event")
    ended = await site.rebuild("--swap", "-o", "json")
    assert ended.code == 0, ended.err
    told = ended.json  # a dead letter of it may be read too, which is no event either
    assert told["records"] == told["not_events"] >= 1


async def test_no_rebuild_moves_the_place_of_a_group(site: Site):
    await site.say(await played(PLAYED, "still"))
    await site.running.at_rest("saga-state")
    before = await places(site)
    assert sum(before.values()) > PLAYED
    ended = await site.rebuild("--swap")
    assert ended.code == 0, ended.err
    assert await places(site) == before


async def test_what_no_record_tells_of_is_not_swapped_away_unless_that_is_said(site: Site):
    await site.say(await played(6, "told"))
    await site.running.at_rest("saga-state")
    saga = await site.database.sagas.find_one({})
    await site.database.sagas.insert_one({**saga, "_id": "nobody-said-so"})
    ended = await site.rebuild("--swap")
    assert ended.code == 1
    assert "1 live sagas are in no record" in ended.err
    assert "nobody-said-so" in ended.err
    assert await site.database.sagas.find_one({"_id": "nobody-said-so"})
    assert (await site.rebuild("--swap", "--lose")).code == 0
    await site.check()


async def test_under_another_hash_key_nothing_is_rebuilt(site: Site):
    await site.say(await played(2, "hashed"))
    await site.running.at_rest("saga-state")
    other = {**site.env, "ONBOARDING_HASH_KEY": "another"}
    ended = await ran.onboarding("replay", "rebuild", env=other, folder=site.folder)
    assert (ended.code, ended.out) == (2, "")
    assert "ONBOARDING_HASH_KEY is not here what the projection has" in ended.err


async def _serves_questions(database: Any) -> None:
    """The new collections have what the live ones had."""
    assert {*await database.sagas.index_information()} == {"_id_", *SAGA_INDEXES}
    assert {*await database.events.index_information()} == {"_id_", "of_saga"}
    for name in ("sagas", "events"):
        assert "$jsonSchema" in (await database[name].options())["validator"]


@asynccontextmanager
async def _beside(work: Any) -> AsyncIterator[None]:
    """While the block lasts; what it raised is raised."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        ended = (await asyncio.gather(task, return_exceptions=True))[0]
    if not isinstance(ended, asyncio.CancelledError):
        raise AssertionError(ended)
