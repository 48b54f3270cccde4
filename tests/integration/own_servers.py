"""Servers of a test's own, which it may stop and kill."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest

from deploy.local.errors import Unavailable
from deploy.local.stack import Options, Stack, servers


@asynccontextmanager
async def servers_or_skip(
    broker: Literal["embedded", "apache"], folder: Path
) -> AsyncIterator[Stack]:
    """A broker and a database; where they cannot run the test is skipped."""
    async with AsyncExitStack() as started:
        try:
            options = Options(folder, broker=broker)
            stack = await started.enter_async_context(servers(options, lambda *_: None))
        except Unavailable as missing:
            pytest.skip(f"no {broker} servers: {missing}")
        yield stack
