"""Free loopback ports for servers that must be told theirs, and whether one answers."""

import asyncio
import random
import socket

LOOPBACK = "127.0.0.1"
# Below the range that Linux gives to outgoing connections: a port that a crashed server held
# could otherwise be taken by a client before the server is back on it.
SERVER_PORTS = range(15_000, 32_000)
_given: set[int] = set()


def free_ports(count: int, choice: random.Random | None = None) -> tuple[int, ...]:
    """`count` different ports of 127.0.0.1 that nobody holds now, and that were not given before by
    this process: who asked may not listen yet."""
    free: list[int] = []
    for port in (choice or random.SystemRandom()).sample(SERVER_PORTS, k=count + 500):
        if port not in _given and _is_free(port):
            free.append(port)
        if len(free) == count:
            _given.update(free)
            return tuple(free)
    raise OSError(f"no {count} free ports between {SERVER_PORTS.start} and {SERVER_PORTS.stop}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


async def is_open(port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(LOOPBACK, port), timeout=1)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
