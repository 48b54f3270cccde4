"""The store on a real mongod: validators, indexes, questions, and data made to break it."""

from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.errors import OperationFailure, WriteError
from saga_forged import forged, proper
from saga_given import NOW, Voices, at, hash_of, told

from saga_state import queries
from saga_state.projector import project
from saga_state.queries import Wanted
from saga_state.records import fits_bson
from saga_state.state import as_of

pytestmark = pytest.mark.servers
TENANT = "default"
SHARED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

NASTY = [
    {"a": 2**63}, {"a": -(2**63)}, {"a": 2**64 - 1}, {"a": 1e308}, {"$set": {"x": 1}}, {"a": {"$ref": "x", "$id": 1}},
    {"a.b": {".": 1, "": 2}}, {"_id": 7, "a": {"_id": "x"}}, {"nul\0": 1}, {"a": "nul\0"}, {"a": "$where"},
    {"": {"": []}}, {"a": [[[[[[]]]]]], "b": {"length": 1}}, {"a": "\U0001f600" * 1000},
    {"\u0000": "x"},
]  # fmt: skip


def deep(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize("body", [*map(orjson.dumps, NASTY), *map(deep, (63, 64))])
async def test_any_readable_body_is_stored_and_comes_back_as_it_was(mongo, body: bytes) -> None:
    v = Voices()
    event = v.start(value=body)
    await project([event], mongo, hash_of, NOW)
    (stored,) = await mongo.timeline(TENANT, v.id)
    data = stored["data"]
    assert (data if isinstance(data, dict) else orjson.loads(data)) == event.body
    assert isinstance(data, dict) == fits_bson(event)


@SHARED
@given(body=st.dictionaries(st.text(), st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8), max_size=4),
    number=st.uuids())  # fmt: skip
async def test_any_json_object_is_stored(mongo, body: dict, number) -> None:
    v = Voices(number=str(number))
    event = v.start(value=orjson.dumps(body) or b"{}")
    await project([event], mongo, hash_of, NOW)
    assert len(await mongo.timeline(TENANT, v.id)) == 1


@SHARED
@given(events=proper() | forged())
async def test_the_validator_takes_every_document_that_evolve_makes(mongo, events: list) -> None:
    await mongo._sagas.delete_many({})
    await mongo._events.delete_many({})
    await project(events, mongo, hash_of, NOW)
    (saga,) = (await mongo.read_sagas([events[0].context.saga_id])).values()
    expected = told(*events)
    assert saga == {**expected, "revision": 1}
    for event in events:
        assert as_of(saga, event.time) == as_of({**expected, "revision": 1}, event.time)


async def test_the_largest_document_that_forged_events_can_make_is_stored(mongo) -> None:
    wide, events = "\U0001f600" * 1000, []
    for tenant in ("t1", "t2", "t3", "t4", "t5"):
        v = Voices(offset=len(events))
        context = {"context": {"tenant_id": tenant, "correlation_id": wide}}
        for n in range(33):
            context["event_id"] = f"{tenant}{n}{wide}"[:1000]
            for step in v.steps:
                events += [
                    v.did(step, n, **context),
                    v.failed(step, n, wide, step, **context),
                    v.asked(step, n, "x" * 900, wide, **context),
                    v.undid(step, n, **context),
                ]
    await project(events, mongo, hash_of, NOW)
    (saga,) = (await mongo.read_sagas([events[0].context.saga_id])).values()
    assert (sorted(saga["sides"]), saga["never_started"]) == (["t1", "t2", "t3", "t4"], True)


@pytest.mark.parametrize(
    "when", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]
)
async def test_times_at_the_ends_of_the_calendar_are_stored(mongo, when: datetime) -> None:
    v = Voices()
    events = [v.start(), v.did("registration", 1, answer=315_360_000), v.did("contract", 2)]
    await project([replace(event, time=when) for event in events], mongo, hash_of, NOW)
    assert (await mongo.read_sagas([v.id]))[v.id]["status"] == "CONTRACT_CREATED"


async def test_a_key_that_is_no_text_and_a_tenant_with_dots_are_stored(mongo) -> None:
    v = Voices(tenant="a.b..c")
    event = v.start()
    event = replace(event, record=replace(event.record, key=b"\xff\x00"))
    await project([event], mongo, hash_of, NOW)
    assert (await mongo.timeline("a.b..c", v.id))[0]["key"] == b"\xff\x00"


async def test_the_validator_refuses_what_is_no_saga(mongo) -> None:
    saga = told(Voices().start())
    for wrong in ({"status": "DONE"}, {"steps": [{}]}, {"tenant_id": 7}, {"due_at": "soon"}):
        with pytest.raises(WriteError, match="failed validation"):
            await mongo._sagas.insert_one({**saga, **wrong})


async def test_ensure_may_be_repeated_and_drops_nothing(mongo) -> None:
    await project([Voices().start()], mongo, hash_of, NOW)
    await mongo._sagas.create_index("extra")
    await mongo.ensure()
    await mongo.ensure()
    assert "extra_1" in await mongo._sagas.index_information()
    assert await mongo._sagas.count_documents({}) == 1


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
        )

    field = queries.order_of_list(wanted)
    found = sorted(
        (saga for saga in sagas if fits(saga)), key=lambda saga: (saga[field], saga["_id"])
    )
    return [saga["_id"] for saga in reversed(found)]


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
    "under way": queries.under_way(),
    **{f"{name}, changed since": queries.changed_since(TENANT, w, at(3)) for name, w in WANTED.items()},
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
