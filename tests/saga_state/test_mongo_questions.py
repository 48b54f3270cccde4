"""What is asked of the store on a real mongod: answered rightly, and by an index."""

from dataclasses import replace

import pytest
from pymongo.errors import OperationFailure
from saga_given import NOW, Voices, at, hash_of, told

from saga_state import queries
from saga_state.facts import identity_of
from saga_state.projector import project
from saga_state.queries import Wanted

pytestmark = pytest.mark.servers
TENANT = "default"


@pytest.fixture
async def peopled(mongo):
    """Sagas in every status, of two tenants, and what each should be found by."""
    sagas = []
    for n in range(60):
        v = Voices(number=str(n), tenant=("default", "other")[n % 6 == 5], partner=f"p-{n % 20}",
                   journey=("partner-onboarding", "partner-creation")[n % 7 == 6])  # fmt: skip
        events = v.whole_way()[: n % 8 + 1] if n % 3 else v.undone_from(v.steps[n % 2])
        sagas.append(told(*events))
        await project(events, mongo, hash_of, NOW)
    return mongo, sagas


WANTED = {
    "everything": Wanted(),
    "status": Wanted(status="COMPENSATED"),
    "step": Wanted(step="documents"),
    "journey": Wanted(journey="partner-creation"),
    "failure": Wanted(failure_code="NO"),
    "hash": Wanted(partner_hash=hash_of("ana.maria@example.com")),
    "updated": Wanted(updated_from=at(1), updated_until=at(20)),
    "all": Wanted("FAILED", None, "partner-onboarding", "NO", None, at(-1), at(99)),
    "started": Wanted(started_from=at(0), started_until=at(20)),
    "started in a journey": Wanted(journey="partner-creation", started_from=at(0)),
    "started with a status": Wanted("COMPENSATED", started_until=at(20)),
    "by start": Wanted(by_start=True),
    "due": Wanted(due_before=at(10_000)),
    "due at a step": Wanted(step="documents", due_before=at(10_000)),
}


def expected(sagas: list, wanted: Wanted) -> list[str]:
    """The same list, made by hand."""

    def fits(saga) -> bool:
        return (
            saga["tenant_id"] == TENANT
            and wanted.status in (None, saga["status"])
            and wanted.step in (None, saga["current_step"])
            and wanted.journey in (None, saga["journey"])
            and wanted.failure_code in (None, (saga["failure"] or {}).get("code"))
            and (not wanted.updated_from or saga["updated_at"] >= wanted.updated_from)
            and (not wanted.updated_until or saga["updated_at"] < wanted.updated_until)
            and (not wanted.started_from or saga["initiated_at"] >= wanted.started_from)
            and (not wanted.started_until or saga["initiated_at"] < wanted.started_until)
            and (not wanted.due_before or (saga["due_at"] or at(99_999)) < wanted.due_before)
        )

    field = queries.order_of_list(wanted)
    found = sorted(
        (saga for saga in sagas if fits(saga)), key=lambda saga: (saga[field], saga["_id"])
    )
    return [saga["_id"] for saga in (found if field == "due_at" else reversed(found))]


@pytest.mark.parametrize("wanted", WANTED.values(), ids=WANTED)
async def test_a_list_shows_what_is_wanted_in_order_and_page_by_page(
    peopled, wanted: Wanted
) -> None:
    store, sagas = peopled
    whole = [saga["_id"] for saga in await store.listed(TENANT, wanted, 1000)]
    assert whole == expected(sagas, wanted)
    assert whole
    paged, page = [], await store.listed(TENANT, wanted, 3)
    while page:
        paged += [saga["_id"] for saga in page]
        after = page[-1][queries.order_of_list(wanted)], page[-1]["_id"]
        page = await store.listed(TENANT, replace(wanted, after=after), 3)
    assert paged == whole


async def test_a_saga_is_found_by_any_of_its_ids_but_not_by_another_tenant(peopled) -> None:
    store, sagas = peopled
    saga = next(saga for saga in sagas if saga["tenant_id"] == TENANT)
    assert [found["_id"] for found in await store.find(TENANT, saga["_id"])] == [saga["_id"]]
    assert saga["_id"] in [found["_id"] for found in await store.find(TENANT, saga["partner_id"])]
    assert [found["_id"] for found in await store.find(TENANT, saga["correlation_id"])] == [
        saga["_id"]
    ]
    for text in (saga["_id"], saga["correlation_id"]):
        assert await store.find("other", text) == []
    assert await store.timeline("other", saga["_id"]) == []
    assert len(await store.find_by_hash(TENANT, hash_of("ANA.maria@example.com"), 100)) == 50


async def test_sagas_are_found_by_the_beginning_of_an_id_but_not_by_another_tenant(peopled) -> None:
    store, sagas = peopled
    own = [saga for saga in sagas if saga["tenant_id"] == TENANT]
    for field in ("_id", "partner_id", "correlation_id"):
        text = own[0][field][:-1]
        found = {saga["_id"] for saga in await store.find_beginning(TENANT, text, 100)}
        assert found >= {saga["_id"] for saga in own if saga[field].startswith(text)}
        assert found <= {saga["_id"] for saga in own}
    assert len(await store.find_beginning(TENANT, "p-", 7)) == 7
    assert await store.find_beginning(TENANT, "$where", 7) == []


async def test_of_an_event_its_body_is_told_by_a_digest(mongo) -> None:
    v = Voices()
    event = v.start()
    await project([event], mongo, hash_of, NOW)
    id_ = identity_of(event.source, event.event_id)
    assert await mongo.digest_of_event(id_) == event.digest
    assert await mongo.digest_of_event("another") is None


async def test_counts(peopled) -> None:
    store, sagas = peopled
    own = [saga for saga in sagas if saga["tenant_id"] == TENANT]
    counts = await store.counts(TENANT)
    assert counts == {status: sum(s["status"] == status for s in own) for status in counts}
    assert sum(counts.values()) == len(own)


QUESTIONS = {
    **{name: queries.listed(TENANT, wanted) for name, wanted in WANTED.items()},
    **{f"{name}, paged": queries.listed(TENANT, replace(w, after=(at(3), "x"))) for name, w in WANTED.items()},
    "partner": queries.of_any_id(TENANT, "p-1")[0],
    "correlation": queries.of_any_id(TENANT, "corr-1")[1],
    "timeline": queries.timeline(TENANT, "x"),
    **{f"beginning {one.hint}": one for one in queries.beginning_with(TENANT, "abc")},
    "waiting for a person": queries.waiting_for_a_person(TENANT),
    "of all tenants, under way": queries.to_be_acted_in(),
    **{f"{name}, changed since": queries.changed_since(TENANT, w, at(3)) for name, w in WANTED.items()},
    **{f"stuck, {n}": one for n, one in enumerate(queries.stuck(TENANT))},
}  # fmt: skip


def stages(plan: dict) -> set[str]:
    inner = [plan[name] for name in ("inputStage",) if name in plan] + plan.get("inputStages", [])
    return {plan["stage"]}.union(*(stages(stage) for stage in inner))


@pytest.mark.parametrize("name", QUESTIONS)
async def test_every_question_goes_by_an_index_and_sorts_nothing(peopled, name: str) -> None:
    store, query = peopled[0], QUESTIONS[name]
    collection = store._events if name == "timeline" else store._sagas
    asked = collection.find(query.filter, sort=list(query.sort), hint=query.hint, limit=50)
    plan = (await asked.explain())["queryPlanner"]["winningPlan"]
    used = stages(plan.get("queryPlan", plan))
    assert "IXSCAN" in used
    assert not {"COLLSCAN", "SORT"} & used


async def test_a_saga_without_a_failure_is_not_in_the_index_of_failures(peopled) -> None:
    store, sagas = peopled
    entries = (await store._database.command("validate", "sagas"))["keysPerIndex"]
    assert entries["by_failure_code"] == sum(saga["failure"] is not None for saga in sagas)
    assert 0 < entries["by_failure_code"] < entries["by_status"] == len(sagas)


async def test_the_driver_tells_a_missing_index_instead_of_scanning(mongo) -> None:
    await mongo._sagas.drop_index("by_update")
    with pytest.raises(OperationFailure, match="hint"):
        await mongo.listed(TENANT, Wanted())
