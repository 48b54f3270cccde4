"""What is done to the mongods of the set."""

import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import NotPrimaryError, PyMongoError

from tests.chaos.cluster.servers import DATABASES, PATIENCE_MS, direct, hello
from tests.chaos.cluster.strikes_any import ended, rolled, stopped
from tests.chaos.cluster.target import Cluster
from tests.integration.polling import until


@asynccontextmanager
async def kill_primary(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    async with ended(cluster, await until_primary(cluster), signal.SIGKILL) as name:
        yield name


@asynccontextmanager
async def end_mongod(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    await until_primary(cluster)
    async with ended(cluster, chance.choice(DATABASES), signal.SIGTERM) as name:
        yield name


@asynccontextmanager
async def step_down(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    """The primary gives its place to another."""
    while True:
        name = await until_primary(cluster)
        host = direct(cluster.servers.mongo_host(name), PATIENCE_MS)
        async with AsyncMongoClient[dict[str, Any]](host) as client:
            with suppress(NotPrimaryError):  # another is by now: that one, then
                await client.admin.command({"replSetStepDown": 10, "force": True})
                break
    yield name
    await until_primary(cluster)


@asynccontextmanager
async def stop_primary(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    async with stopped(cluster, await until_primary(cluster)) as name:
        yield name


@asynccontextmanager
async def stop_mongod(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    await until_primary(cluster)
    async with stopped(cluster, chance.choice(DATABASES)) as name:
        yield name


@asynccontextmanager
async def roll_databases(cluster: Cluster, chance: random.Random) -> AsyncIterator[str]:
    """Each is told to stop and started again, when the set is whole."""
    await rolled(cluster, chance, DATABASES, until_primary)
    yield ""


async def until_primary(cluster: Cluster) -> str:
    """Wait until the set is whole, with one primary: which."""

    async def whole() -> str | None:
        told = {name: await _told(cluster, name) for name in DATABASES}
        primaries = [name for name, one in told.items() if one.get("isWritablePrimary")]
        members = [one for one in told.values() if one.get("secondary")]
        return primaries[0] if (len(primaries), len(members)) == (1, 2) else None

    found = await until("a whole set", whole, 120, pause=0.5)
    assert found
    return found


async def _told(cluster: Cluster, name: str) -> dict[str, Any]:
    try:
        return await hello(cluster.servers.mongo_host(name))
    except PyMongoError:
        return {}


STRIKES = {
    "kill-primary": kill_primary,
    "end-mongod": end_mongod,
    "step-down": step_down,
    "stop-primary": stop_primary,
    "stop-mongod": stop_mongod,
    "roll-databases": roll_databases,
}
