"""Waiting until a cluster has nothing left to do, as far as its documents tell."""

import asyncio
import time
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from tests.chaos.cluster.servers import Servers
from tests.integration import outside
from tests.integration.outside import Reading

REST_SECONDS = 150.0
GOES_ON = {"$or": [{"state": {"$in": ["pending", "undoing"]}}, {"watch_at": {"$type": "date"}}]}
ENDED = {"status": {"$in": ["COMPLETED", "FAILED", "COMPENSATED"]}}


async def until_at_rest(servers: Servers, sagas: int) -> bool:
    """Whether it came to rest in time: no document goes on, all is shown and all is read."""
    deadline = time.monotonic() + REST_SECONDS
    async with AsyncMongoClient[dict[str, Any]](servers.mongo) as client:
        while time.monotonic() < deadline:
            try:
                if await _at_rest(client, sagas) and await _all_read(servers.kafka_itself):
                    return True
            except PyMongoError as error:
                print(f"looking for rest: {error}"[:200])
            await asyncio.sleep(0.5)
    return False


async def _at_rest(client: AsyncMongoClient[dict[str, Any]], sagas: int) -> bool:
    for step in outside.STEPS:
        if await client[f"onboarding_{step}"].steps.find_one(GOES_ON, {"_id": 1}):
            return False
    return await client.saga_state.sagas.count_documents(ENDED) >= sagas


async def _all_read(kafka: str) -> bool:
    """Whether each group has committed all that may still lead to something: what it is to do, and
    what is to be undone."""
    for service in outside.SERVICES:
        topics = _heard_by(service)
        async with Reading(kafka, topics) as reading:
            if await reading.unread_by(f"onboarding.{service}"):
                return False
    return True


def _heard_by(service: str) -> list[str]:
    topics = outside.event_topics("")
    undo = [one for one in topics if "compensation-" in one]
    return topics if service == "saga-state" else [topics[outside.STEPS.index(service)], *undo]
