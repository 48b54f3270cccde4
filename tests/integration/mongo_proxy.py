"""A wire to MongoDB that a test can cut: the services are behind it, the command line is not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Wire:
    """While it is cut nobody gets through, and whoever was through is thrown out."""

    host: str
    port: int
    uri: str = ""
    is_cut: bool = False
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        self.is_cut = True
        for writer in self.open:
            writer.close()

    def mend(self) -> None:
        self.is_cut = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.close()
            return
        there, back = await asyncio.open_connection(self.host, self.port)
        both = {writer, back}
        self.open |= both
        try:
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
        finally:
            self.open -= both
            for one in both:
                one.close()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65_536):
            sink.write(data)
            await sink.drain()
    sink.close()


@asynccontextmanager
async def wire_to(mongo: str) -> AsyncIterator[Wire]:
    """To the only server of an address. Clients ask it alone, and not for others of its set."""
    parts = urlsplit(mongo)
    wire = Wire(parts.hostname or "", parts.port or 27017)
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    wire.uri = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    try:
        yield wire
    finally:
        wire.cut()
        server.close()
