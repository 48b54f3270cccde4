"""One suite for the log, run against memory and against Kafka: they must agree."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka.errors import MessageSizeTooLargeError

from contracts.envelope import Message
from services.runtime.document import Position
from services.runtime.kafka import REQUEST_MAX_BYTES, KafkaLog
from services.runtime.settings import load_settings
from services.runtime.vitals import Vitals


def message(
    topic: str, key: bytes | None = b"p-1", value: bytes | None = b"{}", **headers: Any
) -> Message:
    return Message("id", topic, key, value, tuple(headers.items()))


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


@pytest.mark.servers
async def test_what_cannot_be_handed_over_in_time_goes_with_the_next_try_and_once(
    real_servers, real_log
):
    noted: list[str] = []

    class Noting(Vitals):
        def waits(self, server: str, why: str) -> None:
            noted.append(why)

    log = KafkaLog(load_settings(_env_file=None, kafka=real_servers.kafka), Noting(), 0.01)
    await log.start()
    sent = [message(real_log.topic, b"p-%d" % n, b"%d" % n * 300) for n in range(3_000)]
    stands = await log.publish(sent)
    await log.stop()
    assert set(noted) == {"TimeoutError"}
    found = await real_log.records()
    there = {Position(one.topic, one.partition, one.offset): one.value for one in found}
    assert [there[position] for position in stands] == [one.value for one in sent]
    assert len(there) == len(sent)


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
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so within {seconds:g} s"
        await asyncio.sleep(0.01)
