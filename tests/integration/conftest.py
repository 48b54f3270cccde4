"""The system that a module's tests share, and a tiny service for each test that asks for one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import RealServers
from tests.integration.asked_why import asked, why_system
from tests.integration.shared_system import shared
from tests.integration.tiny import Tiny, tiny_on
from tests.integration.with_platform import running, with_platform

__all__ = ["asked", "running", "shared", "why_system", "with_platform"]


@pytest.fixture
async def tiny(real_servers: RealServers, prefix: str, tmp_path: Path) -> AsyncIterator[Tiny]:
    async with tiny_on(real_servers, prefix, tmp_path) as tiny:
        yield tiny
