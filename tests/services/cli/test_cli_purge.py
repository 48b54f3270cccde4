"""`onboarding purge` on a real mongod: what goes, what stays, and what of one that is broken off."""

import asyncio
import json
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest
from purge_given import LIMIT, NOW, OLD, YOUNG, Kept, environment
from pymongo import AsyncMongoClient
from pymongo.errors import ConnectionFailure

from saga_state.rebuild_store import RebuildStore
from saga_state.store import database
from services.cli.errors import CliError
from services.cli.purge import remove_all, select
from services.cli.purge_rules import Scope
from services.cli.purge_store import PurgeStore
from services.runtime.settings import load_settings

pytestmark = pytest.mark.timeout(120)
ENDS = ("FAILED", "COMPENSATED", "COMPLETED")
SCOPE = Scope(NOW - timedelta(days=50))


class GoneAt2:
    """A store whose server goes away within the second batch, when its step documents are gone."""

    def __init__(self, store: PurgeStore) -> None:
        self._store, self._batches = store, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def remove_told(self, saga_ids: Collection[str]) -> None:
        self._batches += 1
        if self._batches == 2:
            raise ConnectionFailure
        await self._store.remove_told(saga_ids)


@pytest.fixture
async def kept(real_servers, prefix, sagas, events, monkeypatch, tmp_path):
    client = AsyncMongoClient(real_servers.mongo)
    made = Kept(client, prefix, sagas["COMPLETED"], events["ContractCreated"])
    await made.ensure()
    with environment(monkeypatch, real_servers.mongo, prefix, tmp_path):
        yield made
    await made.drop()
    await client.close()


@pytest.fixture
def purge(onboarding):
    """The command, which runs a loop of its own."""

    async def call(*arguments: str, before: str = LIMIT):
        command = ("purge", "--ended-before", before, *arguments)
        return await asyncio.to_thread(onboarding, *command)

    return call


@pytest.fixture
def agreed(purge):
    """As a person does: look first, then agree to what was shown."""

    async def call(*arguments: str):
        looked = await purge(*arguments, "--dry-run", "-o", "json")
        assert looked.code == 0, looked.err
        return await purge(*arguments, "--yes", json.loads(looked.out)["hash"], "-o", "json")

    return call


@pytest.fixture
def store(kept, real_servers):
    settings = load_settings(_env_file=None, mongo=real_servers.mongo, prefix=kept.prefix)
    steps = ("registration", "contract", "documents", "campaigns", "recruitment")
    return PurgeStore(kept.client, settings, "default", steps)


async def test_what_failed_or_was_undone_goes_and_all_else_stays(kept, agreed):
    for status in ENDS:
        await kept.saga(status, f"old-{status}")
        await kept.saga(status, f"young-{status}", ended=YOUNG)
    await kept.saga("FAILED", "of-another", tenant_id="acme")
    ended = await agreed("--reason", "spring", "--by", "ana")
    assert (ended.code, ended.err) == (0, "")
    told = json.loads(ended.out)
    assert (told["count"], told["by_status"], told["left"]) == (
        2,
        {"FAILED": 1, "COMPENSATED": 1},
        0,
    )
    left = {"old-COMPLETED", "of-another", *(f"young-{status}" for status in ENDS)}
    assert (await kept.known(), await kept.with_steps()) == (left, left)


async def test_of_completed_sagas_the_step_documents_stay(kept, agreed):
    await kept.saga("COMPLETED", "living")
    await kept.saga("FAILED", "failed")
    ended = await agreed("--status", "completed")
    assert ended.code == 0
    assert "of completed sagas the step documents stay" in ended.err
    assert (await kept.known(), await kept.with_steps()) == ({"failed"}, {"failed", "living"})


async def test_with_steps_completed_sagas_are_forgotten_whole(kept, agreed):
    await kept.saga("COMPLETED", "living")
    ended = await agreed("--status", "COMPLETED", "--with-steps")
    assert "nobody can undo it any more" in ended.err
    assert (await kept.known(), await kept.with_steps()) == (set(), set())


async def test_what_waits_for_a_person_or_a_dead_service_stays(kept, agreed):
    parked = [{**kept.like["steps"][0], "state": "undo_parked"}]
    await kept.saga("COMPENSATED", "half", half_undone=True)
    await kept.saga("COMPENSATED", "parked", steps=parked)
    await kept.saga("COMPENSATED", "never-answered", step={"state": "pending"})
    await kept.saga("COMPENSATED", "unsent", step={"due_at": OLD})
    await kept.saga("COMPENSATED", "at-rest")
    ended = await agreed()
    assert ended.code == 0
    assert "2 sagas were left: a step of each is not at rest" in ended.err
    left = {"half", "parked", "never-answered", "unsent"}
    assert (await kept.known(), await kept.with_steps()) == (left, left)


async def test_one_record_of_it_stands_in_the_audit(kept, agreed):
    await kept.saga("FAILED", "one", "two")
    await agreed("--reason", "spring", "--by", "ana")
    (record,) = await kept.audit()
    assert (record["what"], record["tenant_id"], record["where"]) == ("purge", "default", "cli")
    assert record["who"].startswith("ana (")
    assert record["reason"].startswith("2 sagas (2 FAILED) that ended before ")
    assert record["reason"].endswith("Z: spring")


@pytest.mark.parametrize("status", ENDS)
@pytest.mark.parametrize("went", [0, 1, 2])
async def test_broken_off_within_a_batch_again_does_the_rest(kept, agreed, store, status, went):
    await kept.saga(status, "one", "two", "three")
    if went > 0:
        await store.remove_steps(status, ["one", "two"])
    if went > 1:
        ids = {"$in": ["one", "two"]}
        await kept.collection("onboarding_gateway", "starts").delete_many({"_id": ids})
        await kept.collection("saga_state", "events").delete_many({"saga_id": ids})
    also = ["--with-steps"] if status == "COMPLETED" else []
    ended = await agreed("--status", status, *also)
    assert (ended.code, json.loads(ended.out)["count"]) == (0, 3)
    assert (await kept.known(), await kept.with_steps()) == (set(), set())


async def test_broken_off_between_batches_no_saga_is_gone_before_what_belongs_to_it(
    kept, agreed, store
):
    await kept.saga("FAILED", *(f"saga-{number:04}" for number in range(1_100)))
    with pytest.raises(CliError) as broken:
        await remove_all(GoneAt2(store), SCOPE, 1_100)
    assert broken.value.exit_code == 3
    assert str(broken.value).startswith("500 of 1100 were dealt with; again does the rest")
    assert len(await kept.known()) == 600
    assert len(await kept.with_steps()) == 100  # of the batch that was broken off none is left
    ended = await agreed()
    assert (ended.code, json.loads(ended.out)["count"]) == (0, 600)
    assert (await kept.known(), await kept.with_steps()) == (set(), set())


async def test_each_of_several_batches_is_chosen_once(kept, store):
    same_time = [f"saga-{number:04}" for number in range(1_100)]
    await kept.saga("FAILED", *same_time)
    chosen = await select(store, SCOPE)
    assert chosen.counts == {"FAILED": 1_100, "COMPENSATED": 0}
    assert (await select(store, SCOPE)).hash == chosen.hash
    await kept.saga("FAILED", "one-more")
    assert (await select(store, SCOPE)).hash != chosen.hash


async def test_nothing_goes_that_was_not_agreed_to(kept, purge):
    await kept.saga("FAILED", "one")
    unasked = await purge()
    assert (unasked.code, "to be purged it needs --yes" in unasked.error) == (2, True)
    other = await purge("--yes", "0123456789ab")
    assert (other.code, "look again with --dry-run; nothing was done" in other.error) == (1, True)
    looked = await purge("--dry-run")
    assert looked.out.startswith("would be purged: 1 saga (1 FAILED) that ended before ")
    assert (await kept.known(), await kept.audit()) == ({"one"}, [])


async def test_where_there_is_nothing_to_purge_the_answer_is_no(kept, purge):
    ended = await purge("--dry-run")
    assert (ended.code, ended.error) == (
        1,
        "onboarding: there is nothing to purge: no saga of default matches",
    )


async def test_beside_a_rebuild_nothing_is_purged_for_it_would_come_back(kept, purge):
    await kept.saga("FAILED", "old")
    rebuild = RebuildStore(database(kept.client, kept.prefix))
    building = (await rebuild.begin(NOW)).building
    refused = await purge("--dry-run")
    assert (refused.code, "would bring back what is purged" in refused.error) == (1, True)
    await rebuild.drop(building)
    assert (await purge("--dry-run")).code == 0


async def test_what_a_rebuild_left_behind_goes_with_a_purge(kept, agreed):
    await kept.saga("FAILED", "old")
    await kept.collection("saga_state", "events_3").insert_one({"_id": "e", "saga_id": "old"})
    assert (await agreed()).code == 0
    names = await kept.client[f"{kept.prefix}saga_state"].list_collection_names()
    assert "events_3" not in names
