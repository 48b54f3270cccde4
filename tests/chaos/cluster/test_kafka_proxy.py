"""The proxy does to each frame what it was told, to no other, and counts it."""

import asyncio
import random
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from deploy.local.ports import LOOPBACK, free_ports
from tests.chaos.cluster.kafka_proxy import PRODUCE, Proxy, proxy
from tests.integration.polling import until_so

FETCH, MOST_SECONDS = 1, 5.0


@dataclass
class Peer:
    """A client of the proxy, and what the server behind it was asked."""

    proxy: Proxy
    asked: list[int]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heard: list[int] = field(default_factory=list)

    def ask(self, key: int, correlation: int, body: bytes = b"x") -> None:
        frame = struct.pack(">hhi", key, 9, correlation) + body
        self.writer.write(struct.pack(">i", len(frame)) + frame)

    async def hear(self) -> int:
        """The correlation id of the next answer."""
        length, correlation = struct.unpack(">ii", await self._exactly(8))
        await self._exactly(length - 4)
        self.heard.append(correlation)
        return int(correlation)

    async def _exactly(self, size: int) -> bytes:
        return await asyncio.wait_for(self.reader.readexactly(size), MOST_SECONDS)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    asked: list[int] = []
    port, target = free_ports(2)
    async with answering(target, asked), proxy(port, target, random.Random(1)) as here:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        yield Peer(here, asked, reader, writer)
        writer.close()


@asynccontextmanager
async def answering(port: int, asked: list[int]) -> AsyncIterator[None]:
    """A server that answers each request with its correlation id and a body of the same size."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                (length,) = struct.unpack(">i", await reader.readexactly(4))
                frame = await reader.readexactly(length)
                (correlation,) = struct.unpack_from(">i", frame, 4)
                asked.append(correlation)
                answer = struct.pack(">i", correlation) + frame[8:]
                writer.write(struct.pack(">i", len(answer)) + answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, LOOPBACK, port)
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()


async def test_without_a_fault_all_goes_through_as_it_was(peer: Peer):
    for correlation in range(3):
        peer.ask(PRODUCE, correlation, b"y" * 1_000_000)
        assert await peer.hear() == correlation
    assert peer.proxy.counted == {"connections": 1, "requests": 3, "produce requests": 3}


async def test_a_produce_request_is_dropped_and_no_other(peer: Peer):
    with peer.proxy.told("drop_request"):
        peer.ask(PRODUCE, 1)
        peer.ask(FETCH, 2)
        assert await peer.hear() == 2
    peer.ask(PRODUCE, 3)
    assert await peer.hear() == 3
    assert peer.asked == [2, 3]
    assert peer.proxy.counted["produce requests dropped"] == 1


async def test_the_answer_to_a_produce_request_is_dropped_though_the_broker_has_it(peer: Peer):
    with peer.proxy.told("drop_answer"):
        peer.ask(PRODUCE, 1)
        peer.ask(FETCH, 2)
        assert await peer.hear() == 2
    assert peer.asked == [1, 2]
    assert peer.proxy.counted["produce answers dropped"] == 1


async def test_an_answer_is_dropped_also_when_the_fault_is_over_before_it_comes(peer: Peer):
    with peer.proxy.told("drop_answer"):
        peer.ask(PRODUCE, 1)
        await until_so("the request is through", lambda: peer.asked == [1], MOST_SECONDS)
    peer.ask(FETCH, 2)
    assert await peer.hear() == 2


async def test_a_share_strikes_some_of_many(peer: Peer):
    with peer.proxy.told("drop_request", share=0.5):
        for correlation in range(200):
            peer.ask(PRODUCE, correlation)
        peer.ask(FETCH, 200)
        while await peer.hear() != 200:
            continue
    assert 60 < len(peer.asked) < 140
    assert peer.proxy.counted["produce requests dropped"] == 201 - len(peer.asked)


async def test_a_delayed_frame_comes_later_and_whole(peer: Peer):
    began = asyncio.get_running_loop().time()
    with peer.proxy.told("delay", seconds=0.1):
        peer.ask(FETCH, 1)
        assert await peer.hear() == 1
    assert asyncio.get_running_loop().time() - began >= 0.2, "there and back"
    assert peer.proxy.counted["frames delayed"] == 2


async def test_a_blackhole_holds_all_until_it_is_over(peer: Peer):
    with peer.proxy.told("blackhole"):
        peer.ask(PRODUCE, 1)
        await until_so("it is held", lambda: peer.proxy.counted["frames held"] == 1, MOST_SECONDS)
        assert peer.asked == []
    assert await peer.hear() == 1


async def test_a_blackhole_reads_no_more_than_it_can_hold(peer: Peer):
    with peer.proxy.told("blackhole"):
        peer.ask(PRODUCE, 1)
        await until_so("it is held", lambda: peer.proxy.counted["frames held"] == 1, MOST_SECONDS)
        for correlation in range(2, 100):
            peer.ask(PRODUCE, correlation, b"x" * 1_000_000)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(peer.writer.drain(), 0.5)
    while await peer.hear() != 99:
        continue
    assert peer.heard == list(range(1, 100))


async def test_a_reset_is_heard_as_one_and_the_next_connection_is_good(peer: Peer):
    peer.ask(FETCH, 1)
    await peer.hear()
    assert peer.proxy.reset() == 1
    with pytest.raises(ConnectionResetError):
        await peer.reader.read()
    again = Peer(peer.proxy, [], *await asyncio.open_connection(LOOPBACK, peer.proxy.port))
    again.ask(FETCH, 2)
    assert await again.hear() == 2
    assert peer.proxy.counted["resets"] == 1
    again.writer.close()


async def test_where_no_broker_is_a_client_is_turned_away_and_heard_later(peer: Peer):
    port, target = free_ports(2)
    async with proxy(port, target, random.Random(1)):
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), MOST_SECONDS)
        writer.close()
        async with answering(target, []):
            later = Peer(peer.proxy, [], *await asyncio.open_connection(LOOPBACK, port))
            later.ask(FETCH, 1)
            assert await later.hear() == 1
            later.writer.close()
