"""One suite for both ports, run against memory and against Kafka and MongoDB: they must agree."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import MessageSizeTooLargeError
from runtime_given import T0, Clock

from contracts.envelope import Context, Message, Record
from services.runtime.document import Document, Position, Refusal, Trigger
from services.runtime.kafka import REQUEST_MAX_BYTES, KafkaLog
from services.runtime.memory import MemoryLog, MemoryStore
from services.runtime.ports import Log, Missed, Store, Taken, Written
from services.runtime.settings import load_settings
from services.runtime.store import InstanceStore, StepStore, connect, database
from services.runtime.vitals import Vitals

LONG_AGO = 3600.0
PARTITIONS = 4
REAL = pytest.param("real", marks=pytest.mark.servers)


@dataclass
class OneLog:
    """A log, a topic on it that no other test uses, and how to read that topic."""

    log: Log
    topic: str
    records: Callable[[], Awaitable[Sequence[Record]]]


@pytest.fixture(scope="session")
async def kafka(real_servers) -> AsyncIterator[tuple[KafkaLog, str]]:
    """The log on Kafka, and its address."""
    settings = load_settings(_env_file=None, kafka=real_servers.kafka)
    log = KafkaLog(settings, Vitals())
    await log.start()
    yield log, settings.kafka
    await log.stop()


@pytest.fixture
async def topic(kafka: tuple[KafkaLog, str], prefix: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka[1])
    await admin.start()
    await admin.create_topics([NewTopic(f"{prefix}topic", PARTITIONS, 1)])
    await admin.close()
    return f"{prefix}topic"


@pytest.fixture
async def memory_log() -> OneLog:
    memory = MemoryLog(Clock())

    async def records() -> Sequence[Record]:
        return memory.records("topic")

    return OneLog(memory, "topic", records)


@pytest.fixture
async def real_log(kafka: tuple[KafkaLog, str], topic: str) -> OneLog:
    log, address = kafka
    return OneLog(log, topic, lambda: read(address, topic))


@pytest.fixture(params=["memory", REAL])
def one(request: pytest.FixtureRequest) -> OneLog:
    return request.getfixturevalue(f"{request.param}_log")


async def read(address: str, topic: str) -> list[Record]:
    """All that stands there."""
    found: list[Record] = []
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    async with AIOKafkaConsumer(bootstrap_servers=address, fetch_max_wait_ms=50) as consumer:
        consumer.assign(partitions)
        end = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        while any([await consumer.position(one) < end[one] for one in partitions]):
            for batch in (await consumer.getmany(timeout_ms=1000)).values():
                found += map(record_of, batch)
    return found


def record_of(got: Any) -> Record:
    headers = tuple(got.headers)
    return Record(got.topic, got.partition, got.offset, got.key, got.value, headers, got.timestamp)


def message(
    topic: str, key: bytes | None = b"p-1", value: bytes | None = b"{}", **headers: Any
) -> Message:
    return Message("id", topic, key, value, tuple(headers.items()))


# --- the log


async def test_what_is_published_stands_where_the_positions_say(one):
    sent = [
        message(one.topic, b"p-%d" % number, b"%d" % number, n=b"%d" % number)
        for number in range(20)
    ]
    stands = await one.log.publish(sent)
    there = {Position(r.topic, r.partition, r.offset): r for r in await one.records()}
    assert len(there) == len(set(stands)) == 20
    for position, asked in zip(stands, sent, strict=True):
        record = there[position]
        assert (record.key, record.value, tuple(record.headers)) == (
            asked.key,
            asked.value,
            asked.headers,
        )


async def test_one_key_stays_in_one_partition_in_the_order_of_sending(one):
    numbers = iter(range(1_000))
    stands: list[Position] = []
    for size in (1, 50, 1, 50):
        sent = [message(one.topic, b"same", b"%d" % next(numbers)) for _ in range(size)]
        stands += await one.log.publish(sent)
    assert len({position.partition for position in stands}) == 1
    assert [p.offset for p in stands] == sorted({p.offset for p in stands})
    assert [int(r.value) for r in await one.records()] == list(range(102))


async def test_many_keys_use_several_partitions(one):
    stands = await one.log.publish([message(one.topic, b"p-%d" % number) for number in range(64)])
    assert len({position.partition for position in stands}) > 1


@pytest.mark.parametrize(
    ("key", "value", "headers"),
    [
        (b"\x00\xff", b"\xfe\x00{", {"b": b"\xff\x00"}),
        ("ключ🎉".encode(), '"$secret {{x}} 🎉"'.encode(), {"t": "ñ🎉".encode()}),
        (None, None, {}),
        (b"", b"", {"empty": b""}),
        (b"p-1", b"x" * 1_000_000, {"null": None}),
    ],
    ids=["binary", "text", "null", "empty", "large"],
)
async def test_bytes_come_out_as_they_went_in(one, key, value, headers):
    await one.log.publish([message(one.topic, key, value, **headers)])
    (record,) = await one.records()
    assert (record.key, record.value, dict(record.headers)) == (key, value, headers)


async def test_the_same_message_twice_is_two_records(one):
    stands = [await one.log.publish([message(one.topic)]) for _ in range(2)]
    assert stands[0] != stands[1]
    assert len(await one.records()) == 2


async def test_to_publish_nothing_is_nothing(one):
    assert list(await one.log.publish([])) == []
    assert list(await one.records()) == []


@pytest.mark.servers
async def test_what_the_broker_will_never_take_is_raised_not_tried_for_ever(kafka, topic):
    small, large = (message(topic, value=b"x" * size) for size in (1, REQUEST_MAX_BYTES))
    with pytest.raises(MessageSizeTooLargeError):
        await kafka[0].publish([small, large])


@pytest.mark.servers
async def test_a_broker_that_is_away_is_waited_for(real_servers, topic):
    """A door to the broker that opens only after the first knock was refused."""
    vitals = Vitals()
    closed = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = closed.sockets[0].getsockname()[1]
    closed.close()
    log = KafkaLog(load_settings(_env_file=None, kafka=f"127.0.0.1:{port}"), vitals)
    starting = asyncio.create_task(log.start())
    await eventually(lambda: "kafka" in vitals.waiting_for)
    door = await asyncio.start_server(through_to(real_servers.kafka), "127.0.0.1", port)
    await asyncio.wait_for(starting, 30)
    assert vitals.waiting_for == {}
    assert len(await log.publish([message(topic)])) == 1
    await log.stop()
    door.close()


def through_to(address: str):
    host, port = address.split(",")[0].split(":")

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(host, int(port))
        await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))

    return connected


async def eventually(is_so: Callable[[], bool], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():
            await asyncio.sleep(0.01)


# --- the store


@pytest.fixture(scope="session")
async def mongo(real_servers):
    client = connect(real_servers.mongo)
    yield client
    client.close()


@pytest.fixture
def memory_store() -> MemoryStore:
    return MemoryStore(Clock())


@pytest.fixture
async def real_store(mongo, prefix: str) -> AsyncIterator[StepStore]:
    name = f"{prefix}onboarding_contract"
    store = StepStore(mongo, name, Vitals())
    await store.ensure(["email", "phone"])
    yield store
    await mongo.drop_database(name)


@pytest.fixture(params=["memory", REAL])
def kept(request: pytest.FixtureRequest) -> Store:
    return request.getfixturevalue(f"{request.param}_store")


def document(
    saga: str = "saga-1", tenant: str = "default", said: int = 1, **changes: Any
) -> Document:
    trigger = Trigger("e-1", "/producers/crm", "ContractCreated", "d", Position("t", 3, 2**40), T0)
    outbox = tuple(
        Message(f"{saga}-{n}", "t", b"p-1", b"{}", (("ce_id", b"1"),)) for n in range(said)
    )
    context = Context(saga, tenant, "p-1", "corr-1", "partner-onboarding", 1)
    return replace(Document(context, "done", trigger, T0, result={}, outbox=outbox), **changes)


async def stored(store: Store, saga: str = "saga-1") -> Document:
    return (await store.read([saga]))[saga]


async def unsent(store: Store, age: float = 0, limit: int = 10) -> list[str]:
    return [one.context.saga_id for one in await store.unsent(age, limit)]


def marks(saga: str, count: int = 1) -> dict[str, tuple[Position, ...]]:
    return {saga: tuple(Position("t", 0, number) for number in range(count))}


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


async def test_what_is_not_marked_is_unsent_the_oldest_first_up_to_a_limit(kept):
    for saga in ("b", "a", "c"):
        await kept.write([document(saga)], {})
    assert await unsent(kept) == ["b", "a", "c"]
    assert await unsent(kept, limit=2) == ["b", "a"]


async def test_what_was_written_lately_is_not_unsent_yet(kept):
    await kept.write([document()], {})
    assert await unsent(kept, LONG_AGO) == []


async def test_a_mark_says_where_the_outbox_stands(kept):
    await kept.write([document(said=2)], {})
    assert list(await kept.write([], marks("saga-1", 2))) == []
    assert await stored(kept) == document(said=2, revision=1, sent=marks("saga-1", 2)["saga-1"])
    assert await unsent(kept) == []


async def test_marks_ride_on_the_write_of_other_documents(kept):
    await kept.write([document("a")], {})
    await kept.write([document("b")], marks("a"))
    assert (await stored(kept, "a")).sent == marks("a")["a"]
    assert await unsent(kept) == ["b"]


async def test_marks_are_written_when_documents_beside_them_miss(kept):
    await kept.write([document("a"), document("b")], {})
    assert list(await kept.write([document("b")], marks("a"))) == [Missed()]
    assert await unsent(kept) == ["b"]


async def test_an_outbox_that_grew_since_is_not_marked(kept):
    await kept.write([document(said=1)], {})
    await kept.write([replace(await stored(kept), outbox=document(said=2).outbox)], {})
    await kept.write([], marks("saga-1", 1))
    assert (await stored(kept)).sent == ()
    assert await unsent(kept) == ["saga-1"]


async def test_a_document_that_was_marked_and_then_written_is_unsent_again(kept):
    await kept.write([document(said=1)], {})
    await kept.write([], marks("saga-1", 1))
    await kept.write([replace(await stored(kept), outbox=document(said=2).outbox)], {})
    assert await unsent(kept) == ["saga-1"]


async def test_a_mark_of_an_unknown_saga_makes_nothing(kept):
    await kept.write([], marks("nobody"))
    assert await kept.read(["nobody"]) == {}


async def test_a_mark_does_not_make_a_writer_miss(kept):
    await kept.write([document()], {})
    before = await stored(kept)
    await kept.write([], marks("saga-1"))
    assert list(await kept.write([replace(before, state="parked")], {})) == [Written()]


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


@pytest.mark.servers
async def test_indexes_may_be_made_again(mongo, prefix):
    store = StepStore(mongo, f"{prefix}onboarding_x", Vitals())
    for held in (["email"], ["email"], ["email", "phone"]):
        await store.ensure(held)
    indexes = await mongo[f"{prefix}onboarding_x"].steps.index_information()
    assert [index for index in indexes.values() if index.get("unique")] != []
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
        client.close()
