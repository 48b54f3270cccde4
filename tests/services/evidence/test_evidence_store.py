"""What MongoDB is asked for `why` costs as much as it touches, however many sagas are beside it."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from saga_state.store import SagaStore, database
from saga_state.why.facts import Calls
from services.evidence.store import EvidenceStore
from services.runtime.mongo import connect
from services.runtime.process_store import InstanceStore
from services.runtime.store import StepStore
from services.runtime.vitals import Vitals

pytestmark = pytest.mark.servers
MANY, CALLED = 500, 30
AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture
async def mongo(real_servers) -> AsyncIterator[AsyncMongoClient]:
    async with connect(real_servers.mongo) as client:
        yield client


@pytest.fixture
async def store(mongo, prefix: str) -> AsyncIterator[EvidenceStore]:
    """Many sagas that documents has done, and some that it calls for."""
    name = f"{prefix}onboarding_documents"
    await StepStore(mongo, name, Vitals(), lambda: AT).ensure([])
    await SagaStore(database(mongo, prefix)).ensure()
    forms = [step(f"done-{n}", "done") for n in range(MANY)]
    forms += [
        step(f"calling-{n}", "pending", due_at=AT + timedelta(seconds=n), lease="1")
        for n in range(CALLED)
    ]
    forms[-1] |= {"attempts": 3, "last_answer": "HTTP 503", "lease": None}
    await mongo[name].steps.insert_many(forms)
    yield EvidenceStore(mongo, prefix)
    await mongo.drop_database(name)
    await mongo.drop_database(f"{prefix}saga_state")


def step(saga: str, state: str, **more: Any) -> dict[str, Any]:
    personal = {"outbox": [{"value": "personal"}], "result": {"name": "personal"}, "record": {}}
    return {"_id": saga, "tenant_id": "default", "state": state, "attempts": 1, **personal, **more}


async def asked(mongo: Any, name: str) -> list[Mapping[str, Any]]:
    found = mongo[name]["system.profile"].find(
        {"op": "query", "ns": {"$not": {"$regex": "profile"}}}
    )
    return await found.to_list(None)


async def test_documents_are_read_by_their_ids_and_without_what_may_be_personal(
    mongo, store, prefix
):
    name = f"{prefix}onboarding_documents"
    await mongo[name].command("profile", 2)
    found = await store.documents("documents", ["done-7", "calling-1", "nobody"])
    await mongo[name].command("profile", 0)
    assert set(found) == {"done-7", "calling-1"}
    assert not {"outbox", "result", "record", "plan", "holds"} & found["done-7"].keys()
    (query,) = await asked(mongo, name)
    assert (query["planSummary"], query["docsExamined"]) == ("IXSCAN { _id: 1 }", 2)


async def test_calls_that_wait_are_found_by_what_is_due_and_no_others_are_looked_at(
    mongo, store, prefix
):
    name = f"{prefix}onboarding_documents"
    await mongo[name].command("profile", 2)
    assert await store.calls("documents", "default") == Calls(CALLED, 1)
    await mongo[name].command("profile", 0)
    (query,) = await asked(mongo, name)
    assert query["planSummary"] == "IXSCAN { due_at: 1 }"
    assert query["docsExamined"] == CALLED


async def test_calls_are_counted_of_the_tenant_alone(mongo, store, prefix):
    others = {"tenant_id": "acme", "due_at": AT, "last_answer": "HTTP 503"}
    await mongo[f"{prefix}onboarding_documents"].steps.insert_one(
        step("of-acme", "pending", **others)
    )
    assert await store.calls("documents", "acme") == Calls(1, 1)
    assert await store.calls("documents", "default") == Calls(CALLED, 1)


async def test_a_process_is_alive_while_it_writes_its_record(mongo, store, prefix):
    name = f"{prefix}onboarding_documents"
    records = InstanceStore(mongo, name, Vitals())
    await records.ensure()
    signs = Vitals(joined=True, partitions=("onboarding.contract-created/3",)).signs
    await records.write("another-host:7", {"version": "0.2.0", **signs})
    now = await store.now()
    (lives,) = await store.processes("documents", now)
    assert (lives.alive, lives.version) == (True, "0.2.0")
    assert lives.partitions == {("onboarding.contract-created", 3)}
    (late,) = await store.processes("documents", now + timedelta(seconds=16))
    assert not late.alive


async def test_a_record_of_an_older_version_is_read(mongo, store, prefix):
    await mongo[f"{prefix}onboarding_documents"].instances.insert_one(
        {"_id": "vm:1", "version": "0.0.9", "partitions": [], "seen_at": datetime.now(UTC)}
    )
    (one,) = await store.processes("documents", await store.now())
    assert (one.alive, one.joined, one.waiting_for, one.rebalances) == (True, True, {}, 0)


async def test_nobody_is_alive_where_nothing_was_ever_written(store):
    assert await store.processes("campaigns", await store.now()) == ()
    assert await store.documents("campaigns", ["x"]) == {}
    assert await store.stuck("default", 10) == []
