"""Events that were lost, and sagas that nobody watches: told by the steps' own documents."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from saga_state.store import SagaStore, database
from services.evidence.losses import Losses, look_for_losses, loss_of
from services.evidence.store import EvidenceStore
from services.runtime.mongo import connect

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
BEFORE = NOW - timedelta(minutes=5)
STEPS = ("registration", "contract", "documents")


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


def saga(step: str = "contract", **more: Any) -> Any:
    names = [{"step": name} for name in STEPS]
    usual = {"_id": "s-1", "current_step": step, "status": "PARTNER_REGISTERED"}
    return {**usual, "due_at": ago(minutes=9), "steps": names, **more}


def document(state: str, **more: Any) -> Any:
    return {"state": state, "decided_at": ago(minutes=9), **more}


@pytest.mark.parametrize(
    ("status", "state", "decided", "loss"),
    [
        ("PARTNER_REGISTERED", "done", {"minutes": 6}, "lost"),
        ("PARTNER_REGISTERED", "done", {"minutes": 4}, None),
        ("PARTNER_REGISTERED", "pending", {"minutes": 6}, None),
        ("PARTNER_REGISTERED", "parked", {"minutes": 6}, None),
        ("COMPENSATING", "undone", {"minutes": 6}, "lost"),
        ("COMPENSATING", "undone", {"minutes": 4}, None),
        ("COMPENSATING", "done", {"minutes": 6}, None),
        ("COMPENSATING", "undo_parked", {"minutes": 6}, None),
    ],
)
def test_what_a_step_has_said_is_lost_if_the_projection_did_not_hear_it(
    status, state, decided, loss
):
    own = document(state, decided_at=ago(**decided))
    assert loss_of(saga(status=status), own, None, BEFORE, NOW) == loss


@pytest.mark.parametrize(
    ("watcher", "due", "loss"),
    [
        (document("done"), {"seconds": 61}, "unwatched"),
        (document("done", watch_at=None), {"seconds": 61}, "unwatched"),
        (document("done", watch_at=ago(seconds=1)), {"seconds": 61}, None),
        (document("done"), {"seconds": 59}, None),
        (document("undone"), {"seconds": 61}, None),
        (None, {"seconds": 61}, None),
    ],
)
def test_a_saga_that_its_overdue_step_has_not_taken_must_be_watched_by_the_step_before(
    watcher, due, loss
):
    assert loss_of(saga(due_at=ago(**due)), None, watcher, BEFORE, NOW) == loss


def test_what_the_overdue_step_has_taken_ends_by_its_own_deadline():
    assert loss_of(saga(), document("pending"), document("done"), BEFORE, NOW) is None


def test_an_undo_is_never_due():
    undoing = saga(status="COMPENSATING", due_at=None)
    assert loss_of(undoing, None, document("done"), BEFORE, NOW) is None


class Store:
    """The sagas that wait, and the documents of steps; what is asked is kept."""

    def __init__(self, sagas: list[Any], documents: Mapping[str, Mapping[str, Any]]) -> None:
        self.sagas, self.kept, self.asked = sagas, documents, list[str]()

    async def unchanged(self, step: str, before: datetime, limit: int) -> list[Any]:
        return [one for one in self.sagas if one["current_step"] == step][:limit]

    async def documents(self, step: str, saga_ids: list[str]) -> Mapping[str, Any]:
        self.asked.append(step)
        kept = self.kept.get(step, {})
        return {one: kept[one] for one in saga_ids if one in kept}


async def test_they_are_counted_by_the_step_that_must_act():
    sagas = [saga(_id="lost"), saga("documents", _id="unwatched"), saga("registration", _id="new")]
    documents = {
        "contract": {"lost": document("done"), "unwatched": document("done")},
        "registration": {"lost": document("done")},
    }
    found = await look_for_losses(Store(sagas, documents), STEPS, BEFORE, NOW)
    assert found == Losses(
        {"registration": 0, "contract": 1, "documents": 0},
        {"registration": 0, "contract": 0, "documents": 1},
    )


async def test_where_nobody_waits_no_document_is_read():
    store = Store([], {})
    await look_for_losses(store, STEPS, BEFORE, NOW)
    assert store.asked == []


@pytest.fixture
async def mongo(real_servers):
    async with connect(real_servers.mongo) as client:
        yield client


@pytest.mark.servers
async def test_only_sagas_that_have_not_changed_are_looked_at_by_their_index(
    mongo: AsyncMongoClient, prefix: str
):
    """A saga whose contract has spoken, unheard; beside it many that have ended or are new."""
    sagas, projection = SagaStore(database(mongo, prefix)), database(mongo, prefix)
    await sagas.ensure_indexes()
    forms = [stored(f"ended-{n}", None, ago(hours=1)) for n in range(200)]
    forms += [stored(f"new-{n}", "contract", ago(seconds=n)) for n in range(50)]
    await projection.sagas.insert_many([*forms, stored("lost", "contract", ago(minutes=6))])
    own = {"_id": "lost", "tenant_id": "a", **document("done"), "outbox": [], "attempts": 1}
    await mongo[f"{prefix}onboarding_contract"].steps.insert_one(own)
    await projection.command("profile", 2)
    found = await look_for_losses(EvidenceStore(mongo, prefix), STEPS, BEFORE, NOW)
    await projection.command("profile", 0)
    assert found.lost == {"registration": 0, "contract": 1, "documents": 0}
    looked = (
        await projection["system.profile"]
        .find({"op": "query", "ns": projection.sagas.full_name})
        .to_list(None)
    )
    assert {one["planSummary"].partition(" ")[0] for one in looked} == {"IXSCAN"}
    assert sum(one["docsExamined"] for one in looked) == 1
    assert sum(one["keysExamined"] for one in looked) < 20
    for name in ("saga_state", "onboarding_contract"):
        await mongo.drop_database(f"{prefix}{name}")


def stored(id_: str, step: str | None, updated_at: datetime) -> dict[str, Any]:
    return {**saga(), "_id": id_, "tenant_id": "a", "current_step": step, "updated_at": updated_at}
