"""The one clock: the database's, as this process knows it.

Between two looks it goes on by the monotonic clock, so that a jump of this machine's clock moves
no deadline.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class DatabaseClock:
    """Until it was set for the first time it shows this machine's time."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self.set(datetime.now(UTC))

    def set(self, now: datetime) -> None:
        """What the database says it is now."""
        self._then, self._at = now, self._monotonic()

    def __call__(self) -> datetime:
        """In UTC; milliseconds, which is what MongoDB keeps."""
        now = self._then + timedelta(seconds=self._monotonic() - self._at)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)
