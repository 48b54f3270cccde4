"""Lines of stdin as they come, in batches of what is there: who writes may take its time."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator

from services.cli.start_input import Line

BATCH_MAX = 500
Lines = asyncio.Queue[Line | None]  # None: no more will come


async def batches_of_stdin() -> AsyncIterator[list[Line]]:
    """The lines that are not blank, with their numbers from 1; a batch may be empty."""
    queue, room = Lines(), threading.Semaphore(4 * BATCH_MAX)
    _start_reading(queue, room)
    ended = False
    while not ended:
        batch = [await queue.get()]
        while len(batch) < BATCH_MAX and not queue.empty():
            batch.append(queue.get_nowait())
        ended = batch[-1] is None
        room.release(len(batch))
        yield [line for line in batch if line is not None and line[1].strip()]


def _start_reading(queue: Lines, room: threading.Semaphore) -> None:
    """In a thread, for stdin blocks; `room` keeps a fast writer from filling the memory."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in enumerate(sys.stdin, 1):
            room.acquire()
            loop.call_soon_threadsafe(queue.put_nowait, line)
        loop.call_soon_threadsafe(queue.put_nowait, None)

    threading.Thread(target=read, name="stdin", daemon=True).start()
