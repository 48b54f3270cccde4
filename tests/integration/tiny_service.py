"""The smallest service: it hears `tiny.in` and says on `tiny.out` what it heard, batch by batch.

Every record it says carries the number of its batch and that batch's size. Files in the folder
TINY_FOLDER tell it to misbehave: `hold` (wait while it is there), `raise`, `hang`, `block` (the
event loop too), each after `tiny.begun` was said; `fail`, whatever it does.
"""

import asyncio
import itertools
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from contracts.envelope import Message, Record
from services.runtime.agent import Intake
from services.runtime.process import Ground, Work, run_process

FOLDER = Path(os.environ.get("TINY_FOLDER", "."))
LINGER_SECONDS = float(os.environ.get("TINY_LINGER_SECONDS", "0"))
TOPICS = ("tiny.in", "tiny.begun", "tiny.out")


async def _prepare(ground: Ground) -> Work:
    prefix, numbers = ground.settings.prefix, itertools.count()

    async def on_batch(batch: Sequence[Record]) -> None:
        told = (
            ("pid", str(os.getpid()).encode()),
            ("batch", str(next(numbers)).encode()),
            ("size", str(len(batch)).encode()),
        )
        await ground.log.publish([_message(f"{prefix}tiny.begun", one, told) for one in batch])
        await _misbehave()
        await ground.log.publish([_message(f"{prefix}tiny.out", one, told) for one in batch])

    return Work(
        intakes=[Intake([f"{prefix}tiny.in"], ground.settings.batch_max, LINGER_SECONDS)],
        journeys=[],
        on_batch=on_batch,
        on_tick=_fail_if_told,
        on_stop=_nothing,
    )


def _message(topic: str, heard: Record, told: Sequence[tuple[str, bytes]]) -> Message:
    return Message("", topic, heard.key, heard.value, (*heard.headers, *told))


async def _misbehave() -> None:
    if (FOLDER / "raise").exists():
        raise RuntimeError("secret of a partner")
    if (FOLDER / "block").exists():
        while True:
            time.sleep(1)  # noqa: ASYNC251 (that is the point)
    while (FOLDER / "hang").exists() or (FOLDER / "hold").exists():
        await asyncio.sleep(0.02)


async def _fail_if_told() -> None:
    if (FOLDER / "fail").exists():
        raise RuntimeError("secret of a partner")


async def _nothing() -> None:
    """It has nothing to do between batches."""


if __name__ == "__main__":
    run_process("tiny", _prepare)
    sys.exit(0)
