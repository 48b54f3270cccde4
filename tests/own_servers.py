"""A broker and a database: of a test's own, which it may stop and kill, or of the whole run."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest

from deploy.local import apache_install
from deploy.local.apache import Runtime
from deploy.local.errors import Unavailable
from deploy.local.stack import Options, Stack, servers
from deploy.local.supervisor import OnEvent


@asynccontextmanager
async def servers_or_skip(
    broker: Literal["embedded", "apache"], folder: Path, on_event: OnEvent = lambda *_: None
) -> AsyncIterator[Stack]:
    """Where they cannot run the test is skipped; the summary of the run says why."""
    async with AsyncExitStack() as started:
        try:
            options = Options(folder, broker=broker)
            stack = await started.enter_async_context(servers(options, on_event))
        except Unavailable as missing:
            pytest.skip(f"no {broker} servers: {missing}")
        yield stack


async def apache_or_skip() -> Runtime:
    """What runs a broker of Apache Kafka that a test makes itself; without it the test is skipped."""
    try:
        return await apache_install.install(os.environ)
    except Unavailable as missing:
        pytest.skip(f"no Apache Kafka: {missing}")
