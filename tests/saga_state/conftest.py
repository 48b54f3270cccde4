"""A real mongod for the tests marked `servers`, and stores to project into."""

from uuid import uuid4

import pytest

from saga_state.memory import MemoryStore
from tests.conftest import RealServers


@pytest.fixture
async def mongo(real_servers: RealServers):
    """A store on a database of its own, with its collections made."""
    from pymongo import AsyncMongoClient

    from saga_state.store import SagaStore, database

    client = AsyncMongoClient(real_servers.mongo)
    prefix = f"t{uuid4().hex[:12]}_"
    store = SagaStore(database(client, prefix))
    await store.ensure()
    yield store
    await client.drop_database(f"{prefix}saga_state")
    await client.close()


@pytest.fixture(params=["memory", pytest.param("mongo", marks=pytest.mark.servers)])
def any_store(request: pytest.FixtureRequest):
    if request.param == "memory":
        return MemoryStore()
    return request.getfixturevalue("mongo")
