"""A log that knows since when it waits for acknowledgements: the age of what is unsent."""

import time
from collections.abc import Sequence

from prometheus_client import Gauge

from contracts.envelope import Message
from services.runtime.document import Position
from services.runtime.ports import Log


class TimedLog:
    """The port `Log` over another; `age` shows how long the oldest call of `publish` has waited."""

    def __init__(self, log: Log, age: Gauge) -> None:
        self._log = log
        self._since: dict[int, float] = {}  # in order: the first is the oldest
        self._count = 0
        age.set_function(self._oldest)

    async def publish(self, messages: Sequence[Message]) -> Sequence[Position]:
        """See Log."""
        self._count += 1
        number = self._count
        self._since[number] = time.monotonic()
        try:
            return await self._log.publish(messages)
        finally:
            del self._since[number]

    def _oldest(self) -> float:
        since = next(iter(self._since.values()), None)
        return 0.0 if since is None else time.monotonic() - since
