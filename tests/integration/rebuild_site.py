"""A projection with two workers, what is said to it, and the commands that rebuild it."""

import asyncio
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import psutil
from aiokafka import AIOKafkaProducer
from pymongo import AsyncMongoClient

from contracts.envelope import Record
from contracts.reading import Reader
from saga_state.partner_hash import partner_hash
from saga_state.projector import project
from saga_state.store import SagaStore, database
from tests.integration import outside, ran
from tests.integration.independent_fold import as_told, fold
from tests.integration.played import copies, publish
from tests.integration.polling import until, until_so
from tests.integration.system import FAST_GROUPS, System

PLAYED, COPIED, AT_ONCE = 120, 1_500, 3


@dataclass
class Site:
    """The projection alone, with two workers, and what is said to it."""

    running: System
    folder: Path
    producer: AIOKafkaProducer
    template: Sequence[Record]
    database: Any
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def env(self) -> dict[str, str]:
        told = {"KAFKA": self.running.kafka, "MONGO": self.running.stack.mongo}
        env = {f"ONBOARDING_{name}": text for name, text in told.items()}
        return {**FAST_GROUPS, **env, "ONBOARDING_PREFIX": self.running.prefix}

    async def rebuild(self, *arguments: str) -> ran.Ran:
        command = ("replay", "rebuild", "--workers", "2", *arguments)
        return await ran.onboarding(*command, env=self.env, folder=self.folder)

    async def begin_to_rebuild(self) -> asyncio.subprocess.Process:
        return await ran.begin(
            "replay", "rebuild", "--workers", "2", env=self.env, folder=self.folder
        )

    async def say(self, records: Sequence[Record]) -> None:
        await publish(self.producer, records, self.running.prefix)

    async def more(self, sagas: int) -> None:
        """So many more that complete."""
        made = [one for _ in range(sagas) for one in copies(self.template, next(self.numbers))]
        await self.say(made)

    async def go_on(self) -> None:
        """A few sagas after the other, of which each goes on when the next have begun."""
        before: list[Record] = []
        while True:
            fresh = [list(copies(self.template, next(self.numbers))) for _ in range(AT_ONCE)]
            await self.say([*before, *(one for records in fresh for one in records[:3])])
            before = [one for records in fresh for one in records[3:]]
            await asyncio.sleep(0.05)

    async def progress(self) -> tuple[str, float]:
        """Of the rebuild: its stage, and how much of the records it has read."""
        found = await self.database.meta.find_one({"_id": "rebuild"})
        if not found:
            return "none", 0.0
        read = sum(one["at"] - one["begin"] for one in found["spans"])
        total = sum(one["end"] - one["begin"] for one in found["spans"])
        return found["stage"], read / total if total else 0.0

    async def check(self) -> None:
        """What the projection shows is what the topics say."""
        await self.running.at_rest("saga-state")
        seen = await self.running.events()
        sagas = {one["_id"]: as_told(one) for one in await self.running.sagas()}
        assert sagas == fold(seen)
        events = await self.database.events.find({}, {"event_id": 1}).to_list()
        assert {one["event_id"] for one in events} == {one.header("ce_id") for one in seen}


async def killed_half_way(site: Site) -> None:
    process = await site.begin_to_rebuild()

    async def is_half_way() -> bool:
        stage, read = await site.progress()
        return stage == "reading" and read >= 0.5

    await until("half of it is read", is_half_way, pause=0.01)
    workers = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    await until_so("its processes are gone", lambda: not any(one.is_running() for one in workers))
    stage, read = await site.progress()
    assert (stage, read < 1) == ("reading", True)


async def places(site: Site) -> dict[str, int]:
    """Where the projection's group stands."""
    return await outside.committed(
        site.running.kafka,
        f"{site.running.prefix}onboarding.saga-state",
        outside.event_topics(site.running.prefix),
    )


async def left_long_ago(site: Site, records: Sequence[Record]) -> None:
    """They stood on the topics once, and were projected."""
    reader, hash_of = Reader(), partial(partner_hash, b"onboarding")
    async with AsyncMongoClient[dict[str, Any]](site.running.stack.mongo) as client:
        store = SagaStore(database(client, site.running.prefix))
        await project([reader.read(one) for one in records], store, hash_of, datetime.now(UTC))
