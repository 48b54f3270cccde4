"""One suite for the store, run against memory and against MongoDB: they must agree."""

import asyncio
from dataclasses import replace

import pytest
from runtime_given import Clock
from stored_given import document, stored

from services.runtime.mongo import connect
from services.runtime.ports import Missed, Taken, Written
from services.runtime.store import StepStore
from services.runtime.vitals import Vitals


async def test_only_what_exists_is_read(kept):
    await kept.write([document("a"), document("b")], {})
    assert set(await kept.read(["a", "x"])) == {"a"}
    assert await kept.read([]) == {}


async def test_a_new_document_is_written_and_its_revision_counts_from_one(kept):
    assert list(await kept.write([document()], {})) == [Written()]
    assert await stored(kept) == document(revision=1)


async def test_a_document_that_exists_is_not_written_as_if_it_were_new(kept):
    await kept.write([document(state="rejected")], {})
    assert list(await kept.write([document(state="parked")], {})) == [Missed()]
    assert await stored(kept) == document(state="rejected", revision=1)


async def test_a_write_that_was_decided_from_the_stored_revision_is_written(kept):
    await kept.write([document()], {})
    after = replace(await stored(kept), state="parked", result=None)
    assert list(await kept.write([after], {})) == [Written()]
    assert await stored(kept) == replace(after, revision=2)


async def test_a_write_that_was_decided_from_an_older_revision_misses(kept):
    await kept.write([document()], {})
    older = await stored(kept)
    await kept.write([replace(older, state="rejected")], {})
    assert list(await kept.write([replace(older, state="parked")], {})) == [Missed()]
    assert (await stored(kept)).state == "rejected"


async def test_a_write_that_was_decided_from_a_document_that_is_gone_misses(kept, request):
    if isinstance(kept, StepStore):
        reason = "an upsert tells what missed, but makes what is gone; documents go only by purge"
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
    assert list(await kept.write([document(revision=5)], {})) == [Missed()]


async def test_a_document_of_another_tenant_is_neither_written_nor_seen_as_written(kept):
    await kept.write([document()], {})
    for revision in (0, 1):
        foreign = document(tenant="acme", revision=revision, state="rejected")
        assert list(await kept.write([foreign], {})) == [Missed()]
    assert await stored(kept) == document(revision=1)


async def test_a_value_that_another_saga_of_the_tenant_holds_is_taken(kept):
    await kept.write([document("a", holds={"email": "a@b"})], {})
    assert list(await kept.write([document("b", holds={"email": "a@b"})], {})) == [Taken("email")]
    assert set(await kept.read(["a", "b"])) == {"a"}


async def test_taken_names_the_key_that_clashes(kept):
    await kept.write([document("a", holds={"email": "a@b", "phone": "1"})], {})
    both = document("b", holds={"email": "c@d", "phone": "1"})
    assert list(await kept.write([both], {})) == [Taken("phone")]


async def test_a_value_is_free_to_other_tenants_and_under_other_keys_and_to_its_holder(kept):
    await kept.write([document("a", holds={"email": "a@b"})], {})
    others = [document("b", "acme", holds={"email": "a@b"}), document("c", holds={"phone": "a@b"})]
    assert list(await kept.write(others, {})) == [Written()] * 2
    again = replace(await stored(kept, "a"), state="parked")
    assert list(await kept.write([again], {})) == [Written()]
    assert list(await kept.write([document("a", holds={"email": "a@b"})], {})) == [Missed()]


async def test_a_value_that_was_given_back_may_be_held_again(kept):
    await kept.write([document("a", holds={"email": "a@b"})], {})
    await kept.write([replace(await stored(kept, "a"), holds={})], {})
    assert list(await kept.write([document("b", holds={"email": "a@b"})], {})) == [Written()]


async def test_each_of_a_bulk_has_its_own_result_in_order(kept):
    await kept.write([document("old", holds={"email": "a@b"})], {})
    bulk = [
        document("new"),
        document("old"),
        document("other", holds={"email": "a@b"}),
        document("old2", holds={"email": "x@y"}),
        document("other2", holds={"email": "x@y"}),
    ]
    results = list(await kept.write(bulk, {}))
    assert results == [Written(), Missed(), Taken("email"), Written(), Taken("email")]
    assert set(await kept.read([one.context.saga_id for one in bulk])) == {"new", "old", "old2"}


async def test_to_write_nothing_is_nothing(kept):
    assert list(await kept.write([], {})) == []


async def test_of_writers_that_compete_exactly_one_writes(kept):
    rivals = [kept.write([document(attempts=number)], {}) for number in range(8)]
    results = [result for (result,) in await asyncio.gather(*rivals)]
    assert results.count(Written()) == 1
    assert results.count(Missed()) == 7
    first = await stored(kept)
    rivals = [kept.write([replace(first, attempts=number)], {}) for number in range(8)]
    results = [result for (result,) in await asyncio.gather(*rivals)]
    assert results.count(Written()) == 1
    assert (await stored(kept)).revision == 2


async def test_of_sagas_that_compete_for_a_value_exactly_one_holds_it(kept):
    rivals = [
        kept.write([document(f"s-{number}", holds={"email": "a@b"})], {}) for number in range(8)
    ]
    results = [result for (result,) in await asyncio.gather(*rivals)]
    assert results.count(Written()) == 1
    assert results.count(Taken("email")) == 7


async def test_a_write_of_nothing_is_no_answer_of_a_server_that_is_away():
    vitals = Vitals()
    vitals.waits("mongo", "AutoReconnect")
    async with connect("mongodb://127.0.0.1:1/") as nobody:
        await StepStore(nobody, "onboarding_contract", vitals, Clock()).write([], {})
    assert vitals.waiting_for == {"mongo": "AutoReconnect"}
