"""Asks processes and outside systems themselves: health pages, and whether an address is open."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from saga_state.why.facts import Page

PAGE_SECONDS = 0.7
MOST_BYTES = 65_536


async def page_of(process: str, url: str) -> Page:
    """What it answers on /readyz."""
    try:
        async with asyncio.timeout(PAGE_SECONDS):
            body = json.loads(await _get(url, "/readyz"))
    except (OSError, TimeoutError, ValueError):
        return Page(process, answers=False)
    waiting: Any = body.get("waiting_for", {}) if isinstance(body, dict) else {}
    return Page(process, True, waiting if isinstance(waiting, Mapping) else {})


async def is_open(url: str) -> bool | None:
    """Whether something takes connections there; None: no answer in time, which tells nothing."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(PAGE_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except TimeoutError:
        return None
    except OSError:
        return False
    writer.close()
    return True


async def _get(url: str, path: str) -> bytes:
    """The body of an answer, whatever its status."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n".encode())
        answer = await reader.read(MOST_BYTES)
        while more := await reader.read(MOST_BYTES):
            answer += more
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return answer.partition(b"\r\n\r\n")[2]
