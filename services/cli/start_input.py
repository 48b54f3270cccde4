"""Reads starts as people and programs write them: JSON, one object or one per line."""

import asyncio
import json
import sys
import threading
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.cli.errors import USAGE, CliError

Line = tuple[int, str]
Lines = asyncio.Queue[Line | None]  # None: no more will come
BATCH_MAX = 500


@dataclass(frozen=True, slots=True)
class Wish:
    """An onboarding that is asked for, and where that stands: `starts.jsonl:3`."""

    partner_data: dict[str, Any]
    correlation_id: str | None
    place: str


class BadLineError(ValueError):
    """A line that cannot be sent; the text names file and line."""


def wish_of(text: str, place: str) -> Wish:
    """`{"partner_data": {...}, "correlation_id"?: "..."}`, or bare partner data."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BadLineError(f"{place}: not JSON ({error})") from None
    except RecursionError:
        raise BadLineError(f"{place}: nested too deep") from None
    if not isinstance(found, dict):
        raise BadLineError(f"{place}: not a JSON object")
    data = found.get("partner_data", found)
    if not isinstance(data, dict):
        raise BadLineError(f"{place}: partner_data is not an object")
    return Wish(data, _correlation_id(found, data, place), place)


def lines_of_file(path: str) -> list[Line]:
    """CliError (2) if it cannot be read, or holds nothing."""
    try:
        lines = numbered(Path(path).read_text("utf-8").splitlines())
    except UnicodeDecodeError:
        raise CliError(f"{path}: not UTF-8 text", USAGE) from None
    except OSError as error:
        raise CliError(f"{path}: {error.strerror}", USAGE) from None
    if not lines:
        raise CliError(f"{path}: holds no JSON object", USAGE)
    return joined(lines)


def joined(lines: Sequence[Line]) -> list[Line]:
    """As they are, or as one if the first is no JSON by itself: an object over many lines."""
    if not lines or stands_alone(lines[0][1]):
        return list(lines)
    return [(lines[0][0], "\n".join(text for _, text in lines))]


def wishes_of(lines: Sequence[Line], name: str) -> tuple[list[Wish], list[str]]:
    """A wish per line, and what is wrong with the others."""
    wishes, bad = [], []
    for number, text in lines:
        try:
            wishes.append(wish_of(text, f"{name}:{number}"))
        except BadLineError as error:
            bad.append(str(error))
    return wishes, bad


def numbered(lines: Iterable[str]) -> list[Line]:
    """The lines that are not blank, with their numbers from 1."""
    return [(number, text) for number, text in enumerate(lines, 1) if text.strip()]


def stands_alone(line: str) -> bool:
    """Whether a line is an object, or a bad line, by itself; `{` is the first of many."""
    text = line.strip()
    return not text.startswith("{") or text.endswith("}")


def _correlation_id(found: dict[str, Any], data: dict[str, Any], place: str) -> str | None:
    for holder in (found, data):
        text = holder.get("correlation_id")
        if text is None:
            continue
        if not isinstance(text, str) or not text:
            raise BadLineError(f"{place}: correlation_id is not a text")
        return text
    return None


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
