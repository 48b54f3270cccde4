"""Looks again and again whether the servers answer, so that readiness is true of an idle process.

Liveness does not depend on it: a fleet that is started anew because a server is away comes back no
sooner, and all at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import ApiVersionRequest

from services.runtime.kafka_access import connected
from services.runtime.patience import end_if_told
from services.runtime.settings import Settings
from services.runtime.vitals import Vitals

PAUSE_SECONDS, ANSWER_SECONDS = 4.0, 4.0  # together under the ten in which readiness must tell
Look = Callable[[], Awaitable[object]]


async def watch_servers(
    vitals: Vitals,
    looks: Mapping[str, Look],
    pause_seconds: float = PAUSE_SECONDS,
    answer_seconds: float = ANSWER_SECONDS,
) -> None:
    """For ever: tell `vitals` which servers do not answer. A look may raise whatever it likes."""
    async with asyncio.TaskGroup() as watching:
        for server, look in looks.items():
            watching.create_task(_watch(vitals, server, look, pause_seconds, answer_seconds))


async def _watch(
    vitals: Vitals, server: str, look: Look, pause_seconds: float, answer_seconds: float
) -> None:
    while True:
        try:
            async with asyncio.timeout(answer_seconds):
                await look()
        except Exception as error:
            vitals.away[server] = type(error).__name__
        else:
            vitals.away.pop(server, None)
        end_if_told()
        await asyncio.sleep(pause_seconds)


async def ask_a_broker(settings: Settings) -> None:
    """Have any broker answer, on a connection of its own. A broker that hangs takes connections:
    the kernel does. KafkaError, OSError or TimeoutError of the last if none does."""
    failed: Exception = KafkaError("no broker is named")
    for broker in settings.kafka.split(","):
        try:
            async with connected(broker, settings) as connection:
                await connection.send(ApiVersionRequest())
                return
        except (KafkaError, OSError, TimeoutError) as error:
            failed = error
    raise failed
