"""The keys that were looked up lately, so that not every request asks MongoDB."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from services.gateway.keys import Key, counts, id_in, opens

FRESH = timedelta(seconds=5)  # how long a revoked key may still count
MOST = 10_000
log = structlog.get_logger()


class Keys(Protocol):
    """What is needed of the store of keys."""

    async def find(self, key_id: str) -> Key | None: ...

    async def used(self, key_id: str, at: datetime) -> None: ...


class KeyRing:
    """Remembers what it found, and that it found nothing, for a few seconds each."""

    def __init__(self, keys: Keys, now: Callable[[], datetime]) -> None:
        self._keys, self._now = keys, now
        self._found: OrderedDict[str, tuple[datetime, Key | None]] = OrderedDict()
        self._used: dict[str, datetime] = {}

    def known(self, text: str) -> Key | None:
        """The key that a text is, if that is known without asking."""
        now, found = self._now(), self._found.get(id_in(text) or "")
        if found is None or now - found[0] >= FRESH or not opens(found[1], text, now):
            return None
        return self._use(found[1], now)

    async def still_counts(self, key_id: str, scope: str) -> bool:
        """Whether a key that was open before may still do that."""
        key = await self.counting(key_id)
        return key is not None and scope in key.scopes

    async def counting(self, key_id: str) -> Key | None:
        """The key of that id, if it counts now: whoever asks was let in with it before."""
        key, now = await self._look_up(key_id, self._now()), self._now()
        return self._use(key, now) if key is not None and counts(key, now) else None

    async def open(self, text: str) -> Key | None:
        """The key that a text is, if it counts now."""
        key_id, now = id_in(text), self._now()
        key = await self._look_up(key_id, now) if key_id else None
        return self._use(key, now) if opens(key, text, now) else None

    def _use(self, key: Key | None, now: datetime) -> Key | None:
        if key is not None:
            self._used[key.key_id] = now
        return key

    async def note_uses(self) -> None:
        """Write when each was last used, since the last time; to be called now and then."""
        for key_id, at in list(self._used.items()):
            try:
                await self._keys.used(key_id, at)
            except Exception as error:  # what was asked with it was done all the same
                log.warning("key.use_not_noted", key=key_id, error=type(error).__name__)
                return
            if self._used.get(key_id) == at:
                del self._used[key_id]

    async def _look_up(self, key_id: str, now: datetime) -> Key | None:
        known = self._found.get(key_id)
        if known and now - known[0] < FRESH:
            return known[1]
        found = await self._keys.find(key_id)
        self._found[key_id] = now, found
        self._found.move_to_end(key_id)
        while len(self._found) > MOST:
            self._found.popitem(last=False)
        return found
