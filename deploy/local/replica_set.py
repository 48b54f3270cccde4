"""Makes a fresh mongod a replica set of one: `python -m deploy.local.replica_set HOST:PORT`.

For a mongod of a stack's own, as in deploy/compose, that was started with `--replSet onboarding`.
HOST is the name that clients will know it by. Exit codes: 0 it takes writes, 1 not within a minute,
2 wrong usage.
"""

import asyncio
import sys
import time
from collections.abc import Sequence

from deploy.local import store

PAUSE_SECONDS = 0.5
PATIENCE_SECONDS = 60.0


def main(arguments: Sequence[str]) -> int:
    """Wait until it takes writes; the exit code."""
    if len(arguments) != 1:
        return _ends("usage: python -m deploy.local.replica_set HOST:PORT", 2)
    if not asyncio.run(_is_primary_in_time(arguments[0])):
        return _ends(f"{arguments[0]} takes no writes", 1)
    return 0


async def _is_primary_in_time(host: str) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if await store.is_primary(host):
            return True
        await asyncio.sleep(PAUSE_SECONDS)
    return False


def _ends(line: str, code: int) -> int:
    sys.stderr.write(f"{line}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
