"""A gateway in this process, on a real database; one for all tests of a module."""

import os
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from dashboard_given import logged_in, started
from gateway_given import Gateway, given_gateway
from pydantic import SecretStr

from services.runtime.mongo import connect
from services.runtime.settings import load_settings
from tests.conftest import RealServers

MANY = 100_000  # requests per second: the tests of rates have limits of their own


@pytest.fixture(scope="module")
async def gateway(real_servers: RealServers) -> AsyncIterator[Gateway]:
    """Tests of a module share it: each starts sagas of its own, or has a tenant of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("ONBOARDING_")]:
            patch.delenv(name)
        settings = load_settings(
            _env_file=None,
            mongo=SecretStr(real_servers.mongo),
            gateway_key_per_second=MANY,
            gateway_address_per_second=MANY,
        )
    database = f"t{uuid4().hex[:10]}-"
    async with connect(real_servers.mongo) as client:
        yield await given_gateway(client, settings, database)
        for name in ("saga_state", "onboarding_gateway"):
            await client.drop_database(f"{database}{name}")


@pytest.fixture
async def completed(gateway: Gateway) -> dict[str, str]:
    begun = await started(gateway)
    await gateway.play()
    await gateway.project()
    return begun


@pytest.fixture
async def operator(gateway: Gateway) -> httpx.AsyncClient:
    return await logged_in(gateway, "operator")
