"""A platform that answers with bytes as told, over plain sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

HANG = b""


@dataclass
class OddPlatform:
    """What it answers to each request, what it was asked, and on how many connections.

    An empty answer hangs; `endless` goes on after it for as long as the other side takes it.
    """

    answer: bytes
    endless: bytes = b""
    url: str = ""
    asked: list[bytes] = field(default_factory=list)
    connections: int = 0
    sent_bytes: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await self._hear(reader)
                await self._answer(writer)
        writer.close()

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        told = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        body = await reader.readexactly(int(told[0].split(b":")[1])) if told else b""
        self.asked.append(head + body)

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        if self.answer == HANG:
            await asyncio.sleep(3600)
        writer.write(self.answer)
        await writer.drain()
        while self.endless:
            writer.write(self.endless)
            await writer.drain()
            self.sent_bytes += len(self.endless)


@asynccontextmanager
async def odd_platform(
    answer: bytes, endless: bytes = b"", tls: ssl.SSLContext | None = None
) -> AsyncIterator[OddPlatform]:
    one = OddPlatform(answer, endless)
    running: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(one.serve(reader, writer))
        running.add(task)
        task.add_done_callback(running.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    one.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield one
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        server.close()


def answer(status: int, kind: str = "text/plain", body: str = "", **headers: str) -> bytes:
    """As HTTP/1.1 has it; the reason phrase and the body say SECRET."""
    text = f"SECRET {body}".encode()
    lines = [
        f"HTTP/1.1 {status} SECRET",
        f"content-type: {kind}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    if status == 204:
        return "\r\n".join([*lines, "", ""]).encode()
    return "\r\n".join([*lines, f"content-length: {len(text)}", "", ""]).encode() + text
