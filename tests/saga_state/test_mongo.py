"""The store on a real mongod: validators, and data made to break it."""

from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.errors import WriteError
from saga_forged import forged, proper
from saga_given import NOW, Voices, hash_of, told

from saga_state.document import statuses
from saga_state.projector import keep, project
from saga_state.records import fits_bson
from saga_state.schema import SAGA
from saga_state.state import as_of

pytestmark = pytest.mark.servers
TENANT = "default"
SHARED = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])

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


async def test_an_older_worker_that_starts_again_takes_no_status_from_a_newer_one(mongo) -> None:
    newer = {"status": {"enum": [*statuses(), "TRAINING_SCHEDULED"]}}
    rule = {"$jsonSchema": {**SAGA, "properties": {**SAGA["properties"], **newer}}}
    await mongo._database.command("collMod", mongo._sagas.name, validator=rule)
    await mongo.ensure()
    saga = told(Voices().start())
    await mongo._sagas.insert_one({**saga, "status": "TRAINING_SCHEDULED"})
    with pytest.raises(WriteError, match="failed validation"):
        await mongo._sagas.insert_one({**saga, "_id": "other", "status": "DONE"})


async def test_no_events_are_kept_without_asking_mongo_to_write_nothing(mongo) -> None:
    assert await keep([], mongo, NOW) == (0, ())
