"""The projection rebuilt on real servers: killed and gone on, while sagas go on and it is swapped."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiokafka import AIOKafkaProducer
from pymongo import AsyncMongoClient

from contracts.envelope import Record
from contracts.reading import Reader
from saga_state.partner_hash import partner_hash
from saga_state.projector import project
from saga_state.store import SagaStore, database
from tests.conftest import RealServers
from tests.integration import outside, ran
from tests.integration.independent_fold import as_told, fold
from tests.integration.played import completed_one, copies, played, publish
from tests.integration.polling import until, until_so
from tests.integration.system import FAST_GROUPS, System, system

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(600)]
PLAYED, COPIED, AT_ONCE = 120, 1_500, 3


@dataclass
class Site:
    """The projection alone, with two workers, and what is said to it."""

    running: System
    folder: Path
    producer: AIOKafkaProducer
    template: Sequence[Record]
    database: Any
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def env(self) -> dict[str, str]:
        told = {"KAFKA": self.running.kafka, "MONGO": self.running.stack.mongo}
        env = {f"ONBOARDING_{name}": text for name, text in told.items()}
        return {**FAST_GROUPS, **env, "ONBOARDING_PREFIX": self.running.prefix}

    async def rebuild(self, *arguments: str) -> ran.Ran:
        command = ("replay", "rebuild", "--workers", "2", *arguments)
        return await ran.onboarding(*command, env=self.env, folder=self.folder)

    async def begin_to_rebuild(self) -> asyncio.subprocess.Process:
        return await ran.begin(
            "replay", "rebuild", "--workers", "2", env=self.env, folder=self.folder
        )

    async def say(self, records: Sequence[Record]) -> None:
        await publish(self.producer, records, self.running.prefix)

    async def more(self, sagas: int) -> None:
        """So many more that complete."""
        made = [one for _ in range(sagas) for one in copies(self.template, next(self.numbers))]
        await self.say(made)

    async def go_on(self) -> None:
        """A few sagas after the other, of which each goes on when the next have begun."""
        before: list[Record] = []
        while True:
            fresh = [list(copies(self.template, next(self.numbers))) for _ in range(AT_ONCE)]
            await self.say([*before, *(one for records in fresh for one in records[:3])])
            before = [one for records in fresh for one in records[3:]]
            await asyncio.sleep(0.05)

    async def progress(self) -> tuple[str, float]:
        """Of the rebuild: its stage, and how much of the records it has read."""
        found = await self.database.meta.find_one({"_id": "rebuild"})
        if not found:
            return "none", 0.0
        read = sum(one["at"] - one["begin"] for one in found["spans"])
        total = sum(one["end"] - one["begin"] for one in found["spans"])
        return found["stage"], read / total if total else 0.0

    async def check(self) -> None:
        """What the projection shows is what the topics say."""
        await self.running.at_rest("saga-state")
        seen = await self.running.events()
        sagas = {one["_id"]: as_told(one) for one in await self.running.sagas()}
        assert sagas == fold(seen)
        events = await self.database.events.find({}, {"event_id": 1}).to_list()
        assert {one["event_id"] for one in events} == {one.header("ce_id") for one in seen}


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
        await _killed_half_way(site)
        ended = await site.rebuild("--swap", "-o", "json")
        assert ended.code == 0, ended.err
    told = ended.json
    assert (told["stage"], told["not_rebuilt"]) == ("swapped", 0)
    assert 0 < told["records_read"] < 0.6 * told["records"]  # it did not begin anew
    await site.check()
    assert {*await site.database.list_collection_names()} == {"sagas", "events", "meta"}
    await _serves_questions(site.database)
    for name in ("saga_state", "saga_state-2"):
        assert site.running.log(name).count("process.started") == 1


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
    assert ended.code == 0
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
    ended = await site.rebuild("--swap")
    assert ended.code == 0, ended.err
    await site.check()


async def test_what_has_left_the_topics_is_kept_and_named(site: Site):
    gone, there = await played(6, "gone"), await played(6, "there")
    await _left_long_ago(site, gone)
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


async def test_no_rebuild_moves_the_place_of_a_group(site: Site):
    await site.say(await played(PLAYED, "still"))
    await site.running.at_rest("saga-state")
    before = await _places(site)
    assert sum(before.values()) > PLAYED
    ended = await site.rebuild("--swap")
    assert ended.code == 0, ended.err
    assert await _places(site) == before


async def _killed_half_way(site: Site) -> None:
    process = await site.begin_to_rebuild()

    async def is_half_way() -> bool:
        stage, read = await site.progress()
        return stage == "reading" and read >= 0.5

    await until("half of it is read", is_half_way, pause=0.01)
    workers = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    await until_so("its processes are gone", lambda: not any(one.is_running() for one in workers))
    stage, read = await site.progress()
    assert (stage, read < 1) == ("reading", True)


async def _serves_questions(database: Any) -> None:
    """The new collections have what the live ones had."""
    names = {*await database.sagas.index_information()}
    assert names == {
        "_id_", "of_partner", "of_correlation", "of_partner_hash", "by_failure_code", "by_step",
        "by_status", "by_update",
    }  # fmt: skip
    assert {*await database.events.index_information()} == {"_id_", "of_saga"}
    for name in ("sagas", "events"):
        assert "$jsonSchema" in (await database[name].options())["validator"]


async def _places(site: Site) -> dict[str, int]:
    """Where the projection's group stands."""
    return await outside.committed(
        site.running.kafka,
        f"{site.running.prefix}onboarding.saga-state",
        outside.event_topics(site.running.prefix),
    )


async def _left_long_ago(site: Site, records: Sequence[Record]) -> None:
    """They stood on the topics once, and were projected."""
    reader, hash_of = Reader(), partial(partner_hash, b"onboarding")
    async with AsyncMongoClient[dict[str, Any]](site.running.stack.mongo) as client:
        store = SagaStore(database(client, site.running.prefix))
        await project([reader.read(one) for one in records], store, hash_of, datetime.now(UTC))


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
