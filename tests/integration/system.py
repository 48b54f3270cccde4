"""The five services and saga_state as processes, on servers that are there, under a prefix of their own."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from pymongo import AsyncMongoClient

from deploy.local.stack import EMBEDDED_SETTINGS, STEPS, Options, Stack, running
from services.runtime.settings import load_settings
from services.runtime.topics import create_topics
from tests.integration import outside
from tests.integration.outside import Place, Reading, Seen
from tests.integration.polling import PATIENCE_SECONDS, until, until_nothing

ALL = (*STEPS, "saga_state")
FAST_GROUPS = {**EMBEDDED_SETTINGS, "ONBOARDING_REPLICATION": "1"}


@dataclass(frozen=True)
class System:
    """What runs, and how to look at it from outside."""

    stack: Stack
    prefix: str

    @property
    def kafka(self) -> str:
        return self.stack.kafka

    @property
    def start_topic(self) -> str:
        return outside.start_topic(self.prefix)

    def log(self, name: str) -> str:
        """All that a process wrote, over all its lives."""
        return self.stack.supervisor.folder.log(name).read_text()

    async def events(self) -> list[Seen]:
        """All records of the event topics."""
        return await outside.read_all(self.kafka, outside.event_topics(self.prefix))

    async def dead_letters(self) -> dict[str, list[Seen]]:
        """By service."""
        topics = outside.dead_letter_topics(self.prefix)
        seen = await outside.read_all(self.kafka, topics.values())
        return {
            service: [one for one in seen if one.topic == topic]
            for service, topic in topics.items()
        }

    async def dead_letters_of(self, places: set[Place], service: str) -> list[Seen]:
        """Those of a service, once every record at these places has one; one per place."""
        topic = outside.dead_letter_topics(self.prefix)[service]
        async with Reading(self.kafka, [topic]) as reading:

            async def all_there() -> bool:
                await reading.more()
                return places <= {one.copies for one in reading.seen}

            await until(f"dead letters of {service}", all_there)
        found = {one.copies: one for one in reading.seen}
        return [found[place] for place in places]

    async def sagas(self, **query: Any) -> list[dict[str, Any]]:
        """Documents of the projection."""
        async with self.patient() as client:
            return await client[f"{self.prefix}saga_state"].sagas.find(query).to_list()

    async def count(self, **query: Any) -> int:
        async with self.patient() as client:
            return await client[f"{self.prefix}saga_state"].sagas.count_documents(query)

    def patient(self) -> AsyncMongoClient[dict[str, Any]]:
        """Who asks again and again is not to fail for one stall; the address has 5 and 3 s."""
        return AsyncMongoClient(
            self.stack.mongo, serverSelectionTimeoutMS=60_000, connectTimeoutMS=20_000
        )

    async def ended(self, correlation_id: str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """The saga of a correlation id, once it has ended."""

        async def find() -> dict[str, Any] | None:
            found = await self.sagas(correlation_id=correlation_id)
            return found[0] if found and found[0]["ended_at"] else None

        return await until(f"the end of {correlation_id}", find, seconds) or {}

    async def completed(self, count: int, seconds: float = PATIENCE_SECONDS, **query: Any) -> None:
        """Wait until that many sagas are COMPLETED in the projection."""

        async def enough() -> bool:
            return await self.count(status="COMPLETED", **query) >= count

        await until(f"{count} completed sagas", enough, seconds)

    async def metrics(self, name: str) -> dict[str, float]:
        """Of a process, by name and labels as Prometheus reads them."""
        url = self.stack.supervisor.folder.health_url(name)
        _, text = await asyncio.to_thread(_get, f"{url}/metrics")
        return {
            key: float(value) for key, value in re.findall(r"^(onboarding\S+) (\S+)$", text, re.M)
        }

    async def readyz(self, name: str) -> tuple[int, Any]:
        """Status and body of a process's answer."""
        url = self.stack.supervisor.folder.health_url(name)
        status, text = await asyncio.to_thread(_get, f"{url}/readyz")
        return status, json.loads(text)

    async def at_rest(self, *services: str) -> None:
        """Wait until the groups of these services (none named: of all) have committed all there is."""
        for service in services or outside.SERVICES:
            group = f"{self.prefix}onboarding.{service}"
            async with Reading(self.kafka, _heard_by(service, self.prefix)) as reading:
                await until_nothing(f"{service} has not read", partial(reading.unread_by, group))


def _heard_by(service: str, prefix: str) -> list[str]:
    """What a step waits for: the progress event of the step before it."""
    topics = outside.event_topics(prefix)
    return topics if service == "saga-state" else [topics[outside.STEPS.index(service)]]


def _get(url: str) -> tuple[int, str]:
    try:
        with urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


@asynccontextmanager
async def system(
    kafka: str,
    mongo: str,
    prefix: str,
    folder: Path,
    services: tuple[str, ...] = ALL,
    workers: Mapping[str, int] | None = None,
    env: Mapping[str, str] | None = None,
    platform: bool = False,
    **more: Any,
) -> AsyncIterator[System]:
    """Topics and services under a prefix, all ready; they are gone when the block ends."""

    async def prepare(kafka: str, mongo: str) -> None:
        await create_topics(load_settings(kafka=kafka, mongo=mongo, prefix=prefix, replication=1))

    told = {**FAST_GROUPS, "ONBOARDING_PREFIX": prefix, **(env or {})}
    options = Options(
        folder, broker=None, kafka=kafka, mongo=mongo, services=services,
        workers=workers or {}, env=told, platform=platform, **more,
    )  # fmt: skip
    async with running(options, prepare, lambda *_: None) as stack:
        yield System(stack, prefix)
