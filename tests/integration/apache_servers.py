"""Apache Kafka for tests that need it whatever `--broker` says (marker `apache`)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.local.errors import Unavailable
from deploy.local.stack import Options, servers
from tests.conftest import RealServers


@asynccontextmanager
async def apache_servers(folder: Path) -> AsyncIterator[RealServers]:
    """A broker and a database of their own; the test is skipped without Java or Maven."""
    starting = servers(Options(folder, broker="apache"), lambda *_: None)
    try:
        stack = await starting.__aenter__()
    except Unavailable as missing:
        pytest.skip(f"no Apache Kafka: {missing}")
    try:
        yield RealServers(stack.kafka, stack.mongo, "apache")
    finally:
        await starting.__aexit__(None, None, None)
