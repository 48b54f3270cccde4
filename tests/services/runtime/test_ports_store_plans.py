"""What the store asks of MongoDB costs as much as it touches, however much is finished beside it.

The server's own profile tells which plan each operation had and what it looked at.
"""

from collections.abc import Mapping
from typing import Any

import pytest
from stored_given import after, document, watching

pytestmark = pytest.mark.servers
FINISHED, WAITING = 1_000, 40


@pytest.fixture
async def steps(real_store, mongo, prefix: str):
    """The database of a store with much that is finished, and a little that waits."""
    finished = [document(f"old-{n}", state="undone", sent=1) for n in range(FINISHED)]
    answered = [document(f"new-{n}", sent=1) for n in range(FINISHED)]
    waiting = [watching(f"saga-{n}", n + 1) for n in range(WAITING)]
    unsent = [document(f"unsent-{n}") for n in range(WAITING)]
    await real_store.write([*finished, *answered, *waiting, *unsent], {})
    steps = mongo[f"{prefix}onboarding_contract"]
    await steps.command("profile", 2)
    yield steps
    await steps.command("profile", 0)


async def told(steps: Any) -> list[Mapping[str, Any]]:
    """What the server did for the store since the profile began."""
    query = {"ns": f"{steps.name}.steps", "op": {"$in": ["query", "update", "getmore"]}}
    return await steps["system.profile"].find(query).sort("ts").to_list(None)


def by_index(one: Mapping[str, Any]) -> str:
    """The index of a plan that neither looks through all nor sorts in memory."""
    assert "COLLSCAN" not in one["planSummary"]
    assert not one.get("hasSortStage", False)
    return one["planSummary"]


@pytest.mark.parametrize(("seconds", "limit", "found"), [(10, 500, 10), (99, 500, 80), (99, 7, 7)])
async def test_what_is_due_is_found_by_its_index_in_order(real_store, steps, seconds, limit, found):
    assert len(await real_store.due(after(seconds), limit)) == found
    (query,) = await told(steps)
    assert by_index(query) == "IXSCAN { due_at: 1 }"
    assert query["docsExamined"] <= found + 1
    assert query["keysExamined"] <= found + 1
    assert query["nreturned"] == found


async def test_nothing_due_is_found_by_looking_at_nothing(real_store, steps):
    assert await real_store.due(after(0), 500) == []
    (query,) = await told(steps)
    assert (by_index(query), query["docsExamined"]) == ("IXSCAN { due_at: 1 }", 0)


async def test_what_is_finished_is_not_in_the_index_of_what_is_due(real_store, steps):
    await real_store.write([], {f"unsent-{n}": 1 for n in range(WAITING)})
    await real_store.clear_watches([watching("saga-1").context])
    keys = (await steps.command("validate", "steps"))["keysPerIndex"]
    assert keys["_id_"] == 2 * (FINISHED + WAITING)
    assert keys["due"] == WAITING - 1


async def test_marks_look_at_the_marked_alone(real_store, steps):
    await real_store.write([], {f"unsent-{n}": 1 for n in range(WAITING)})
    (update,) = await told(steps)
    assert by_index(update) == "IXSCAN { _id: 1 }"
    assert update["docsExamined"] == update["nModified"] == WAITING


async def test_clears_look_at_the_cleared_alone(real_store, steps):
    await real_store.clear_watches([watching(f"saga-{n}").context for n in range(WAITING)])
    (update,) = await told(steps)
    assert by_index(update) == "IXSCAN { _id: 1 }"
    assert update["docsExamined"] == update["nModified"] == WAITING


async def test_what_is_put_off_is_all_that_is_looked_at(real_store, steps):
    await real_store.put_off([f"saga-{n}" for n in range(WAITING)], after(99))
    (update,) = await told(steps)
    assert by_index(update) == "IXSCAN { _id: 1 }"
    assert update["docsExamined"] == update["nModified"] == WAITING


async def test_reads_look_at_what_is_read_alone(real_store, steps):
    await real_store.read([f"saga-{n}" for n in range(WAITING)])
    (query,) = await told(steps)
    assert (by_index(query), query["docsExamined"]) == ("IXSCAN { _id: 1 }", WAITING)


async def test_a_guarded_replace_looks_at_one_document(real_store, steps):
    stored = await real_store.read(["saga-1", "saga-2"])
    await real_store.write(list(stored.values()), {})
    updates = [one for one in await told(steps) if one["op"] == "update"]
    assert len(updates) == 2
    for update in updates:
        by_index(update)
        assert update["docsExamined"] == 1
