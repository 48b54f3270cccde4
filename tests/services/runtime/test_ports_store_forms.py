"""What a store keeps comes out as it went in, from memory and from MongoDB; and MongoDB's own."""

from dataclasses import replace
from datetime import timedelta

import pytest
from runtime_given import T0, Clock
from stored_given import document, stored

from contracts.envelope import Message
from services.runtime.document import Refusal
from services.runtime.mongo import connect, database
from services.runtime.process_store import InstanceStore
from services.runtime.store import StepStore
from services.runtime.vitals import Vitals

AWKWARD = [
    "$secret",
    "$$NOW",
    "a.b.$c",
    "{{x}}",
    "🎉ñ\u202e",
    "",
    " ",
    "x" * 10_000,
    "a\x00b",
    "null",
]
BYTES = [b"{}", b"\xff\xfe\x00", "🎉".encode(), b"", None, b"\xef\xbb\xbfBOM", b"x" * 100_000]


@pytest.mark.parametrize("text", AWKWARD, ids=[ascii(text[:10]) for text in AWKWARD])
async def test_any_text_comes_out_as_it_went_in(kept, text):
    context = replace(document().context, correlation_id=text, partner_id=text)
    full = document(
        context=context,
        result={
            "note": text,
            "list": [text, {"deep": text}],
            "none": None,
            "number": 2**62,
            "yes": True,
        },
        refusal=Refusal(text, text),
        holds={"email": text},
    )
    await kept.write([full], {})
    assert await stored(kept) == replace(full, revision=1)


@pytest.mark.parametrize("raw", BYTES, ids=[ascii(raw and raw[:8]) for raw in BYTES])
async def test_any_bytes_of_an_outbox_come_out_as_they_went_in(kept, raw):
    headers = (("h", raw), ("h", b"twice"), ("$dollar.dot", b"x"))
    full = document(outbox=(Message("id", "t", raw, raw, headers),))
    await kept.write([full], {})
    assert (await stored(kept)).outbox == full.outbox


async def test_a_document_without_result_and_with_all_states_comes_out_as_it_went_in(kept):
    bare = document("a", result=None, state="rejected", outbox=(), attempts=3)
    late = document("b", decided_at=T0 + timedelta(milliseconds=1), state="parked")
    await kept.write([bare, late], {})
    found = await kept.read(["a", "b"])
    assert [found["a"], found["b"]] == [replace(bare, revision=1), replace(late, revision=1)]
    assert found["b"].decided_at.utcoffset() == timedelta(0)


@pytest.mark.servers
async def test_indexes_may_be_made_again(mongo, prefix):
    store = StepStore(mongo, f"{prefix}onboarding_x", Vitals(), Clock())
    for held in (["email"], ["email"], ["email", "phone"]):
        await store.ensure(held)
    indexes = await mongo[f"{prefix}onboarding_x"].steps.index_information()
    assert len([index for index in indexes.values() if index.get("unique")]) == 2
    assert set(indexes) > {"_id_", "due"}
    assert len(indexes) == 4


@pytest.mark.servers
async def test_an_instance_is_known_while_it_lives(mongo, prefix):
    instances = InstanceStore(mongo, f"{prefix}onboarding_x", Vitals())
    await instances.ensure()
    there = mongo[f"{prefix}onboarding_x"].instances
    for version in ("1", "2"):
        await instances.write("host:1", {"version": version})
    (found,) = await there.find().to_list(None)
    assert (found["instance"], found["version"]) == ("host:1", "2")
    assert found["seen_at"]
    await instances.remove("host:1")
    assert await there.count_documents({}) == 0


@pytest.mark.servers
async def test_concerns_of_the_uri_do_not_weaken_a_write(real_servers):
    client = connect(
        real_servers.mongo.replace("w=majority", "w=0").replace("journal=true", "journal=false")
    )
    try:
        found = database(client, "x")
        assert found.write_concern.document == {"w": "majority", "j": True, "wtimeout": 15_000}
        assert found.read_concern.level == "majority"
    finally:
        await client.close()
