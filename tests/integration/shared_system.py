"""The system that the tests of a module share: it runs from the first test that asks to the last.

Not longer: at rest it takes a third of a core, its broker most of that, and so it would from all
modules that come later.
"""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import RealServers
from tests.integration.system import System, system

TENANTS = {"ONBOARDING_TENANTS": "default,acme"}


@pytest.fixture(scope="module")
async def shared(
    real_servers: RealServers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[System]:
    """Two tenants are known to it: default and acme."""
    folder = tmp_path_factory.mktemp("shared")
    prefix = f"{folder.parent.name[-8:]}-{folder.name}-".lower()
    async with system(
        real_servers.kafka, real_servers.mongo, prefix, folder, env=TENANTS
    ) as running:
        yield running
