"""How many event streams are open, in all and for each key: one must not take the places of all."""

from collections import Counter

from services.gateway.metrics import STREAMS
from services.gateway.problems import TooMany

SHARE = 10  # of one key: a tenth of all places
RETRY_SECONDS = 5


class Streams:
    """Of one process."""

    def __init__(self, most: int) -> None:
        self._most, self._open = most, Counter[str]()

    def begin(self, who: str) -> str:
        """A place for a stream; TooMany if there is none. To be given back."""
        if self._open.total() >= self._most:
            raise TooMany("as many event streams are open as this gateway serves", RETRY_SECONDS)
        if self._open[who] >= max(1, self._most // SHARE):
            raise TooMany("as many event streams are open as one key may have", RETRY_SECONDS)
        self._open[who] += 1
        STREAMS.set(self._open.total())
        return who

    def end(self, who: str) -> None:
        """That place is free."""
        self._open[who] -= 1
        self._open += Counter()  # forgets those who have none
        STREAMS.set(self._open.total())
