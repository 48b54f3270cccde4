"""A real mongod for the tests marked `servers`, and stores to project into."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from saga_state.memory import MemoryStore


@pytest.fixture(scope="session")
async def mongo_uri(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    embedded = pytest.importorskip("deploy.local.embedded")
    from deploy.local.child import end, spawn

    folder: Path = tmp_path_factory.mktemp("mongo")
    child, uri = embedded.mongod(folder / "data")
    process = await spawn(child, folder / "mongod.log")
    try:
        deadline = time.monotonic() + 30
        while not await child.ready():
            assert time.monotonic() < deadline, (folder / "mongod.log").read_text()[-2000:]
            await asyncio.sleep(0.1)
        yield uri
    finally:
        await end(process, 10)


@pytest.fixture
async def mongo(mongo_uri: str):
    """A store on a database of its own, with its collections made."""
    from motor.motor_asyncio import AsyncIOMotorClient

    from saga_state.store import SagaStore, database

    client = AsyncIOMotorClient(mongo_uri)
    prefix = f"t{uuid4().hex[:12]}_"
    store = SagaStore(database(client, prefix))
    await store.ensure()
    yield store
    await client.drop_database(f"{prefix}saga_state")
    client.close()


@pytest.fixture(params=["memory", pytest.param("mongo", marks=pytest.mark.servers)])
def any_store(request: pytest.FixtureRequest):
    if request.param == "memory":
        return MemoryStore()
    return request.getfixturevalue("mongo")
