"""A proxy before one broker that knows where a Kafka request begins, and which one produces.

It passes whole frames: four bytes of length, then for a request int16 API key, int16 version, int32
correlation id, for an answer the correlation id. While a fault is told, it strikes each frame, or
each connection, with its share. What was done is counted.
"""

import asyncio
import random
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from deploy.local.ports import LOOPBACK

PRODUCE = 0
LARGEST_FRAME = 128 * 1024 * 1024
BUFFER_BYTES = 256 * 1024
RESET_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: the other side hears RST, not FIN
Kind = Literal["drop_request", "drop_answer", "delay", "blackhole"]


@dataclass
class Fault:
    """drop_request: a produce request is swallowed. drop_answer: its answer is, the broker wrote.
    delay: a frame waits `seconds`. blackhole: nothing gets through until it is over; then all that
    was held does, however late.
    """

    kind: Kind
    share: float = 1.0
    seconds: float = 0.0
    over: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Connection:
    """Both sides of one, and the correlation ids of its produce requests whose answers to drop."""

    client: asyncio.StreamWriter
    broker: asyncio.StreamWriter
    unanswered: set[int] = field(default_factory=set)

    def reset(self) -> None:
        for side in (self.client, self.broker):
            if (raw := side.get_extra_info("socket")) is not None:
                with suppress(OSError):
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
            side.transport.abort()


@dataclass
class Proxy:
    """Listens on `port`, passes on to `target`, both of this machine; made by `proxy`."""

    port: int
    target: int
    chance: random.Random
    counted: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)

    @contextmanager
    def told(self, kind: Kind, share: float = 1.0, seconds: float = 0.0) -> Iterator[Fault]:
        """A fault for as long as the block lasts."""
        fault = Fault(kind, share, seconds)
        self.faults.append(fault)
        try:
            yield fault
        finally:
            self.faults.remove(fault)
            fault.over.set()

    def reset(self, share: float = 1.0) -> int:
        """Break so many of its connections off; how many that were."""
        struck = [one for one in self.connections if self.chance.random() < share]
        for one in struck:
            one.reset()
        self.counted["resets"] += len(struck)
        return len(struck)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        try:
            far, to_broker = await asyncio.open_connection(
                LOOPBACK, self.target, limit=BUFFER_BYTES
            )
        except OSError:
            writer.transport.abort()
            return
        connection = Connection(writer, to_broker)
        self.connections.append(connection)
        self.counted["connections"] += 1
        try:
            await self._both_ways(connection, reader, far)
        finally:
            self.connections.remove(connection)
            writer.close()
            to_broker.close()

    async def _both_ways(
        self, connection: Connection, near: asyncio.StreamReader, far: asyncio.StreamReader
    ) -> None:
        ways = {
            asyncio.create_task(self._requests(connection, near)),
            asyncio.create_task(self._answers(connection, far)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _requests(self, connection: Connection, reader: asyncio.StreamReader) -> None:
        while (frame := await _frame(reader)) is not None:
            key, _, correlation = struct.unpack_from(">hhi", frame, 4)
            self.counted["requests"] += 1
            await self._hold()
            if key == PRODUCE:
                self.counted["produce requests"] += 1
                if self._strikes("drop_request"):
                    self.counted["produce requests dropped"] += 1
                    continue
                if self._strikes("drop_answer"):
                    connection.unanswered.add(correlation)
            await _pass(connection.broker, frame)

    async def _answers(self, connection: Connection, reader: asyncio.StreamReader) -> None:
        while (frame := await _frame(reader)) is not None:
            (correlation,) = struct.unpack_from(">i", frame, 4)
            await self._hold()
            if correlation in connection.unanswered:
                connection.unanswered.discard(correlation)
                self.counted["produce answers dropped"] += 1
                continue
            await _pass(connection.client, frame)

    def _strikes(self, kind: Kind) -> bool:
        return any(one.kind == kind and self.chance.random() < one.share for one in self.faults)

    async def _hold(self) -> None:
        """As long as a fault keeps this frame back."""
        for fault in tuple(self.faults):
            if fault.kind == "delay" and self.chance.random() < fault.share:
                self.counted["frames delayed"] += 1
                await asyncio.sleep(fault.seconds)
            if fault.kind == "blackhole":
                self.counted["frames held"] += 1
                await fault.over.wait()


@asynccontextmanager
async def proxy(port: int, target: int, chance: random.Random) -> AsyncIterator[Proxy]:
    """One that serves for as long as the block lasts."""
    here = Proxy(port, target, chance)
    server = await asyncio.start_server(here.serve, LOOPBACK, port, limit=BUFFER_BYTES)
    try:
        yield here
    finally:
        server.close()
        here.reset()
        await server.wait_closed()


async def _frame(reader: asyncio.StreamReader) -> bytes | None:
    """With its length; None at the end, also if that comes within one."""
    try:
        head = await reader.readexactly(4)
        (length,) = struct.unpack(">i", head)
        if not 4 <= length <= LARGEST_FRAME:
            return None
        return head + await reader.readexactly(length)
    except (asyncio.IncompleteReadError, OSError):
        return None


async def _pass(writer: asyncio.StreamWriter, frame: bytes) -> None:
    with suppress(OSError):
        writer.write(frame)
        await writer.drain()
