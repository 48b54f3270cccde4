"""The database's side of sweeping in memory: a clock that is told the time, and one lease."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from runtime_given import T0

from services.runtime.memory import MemoryStore
from services.runtime.sweeping import Lease

LIMITS = ("deadline_at", "watch_at", "give_up_at")


@dataclass
class MemoryKeeper:
    """The port `TimeKeeper`."""

    now: datetime = T0
    store: MemoryStore = field(init=False)
    lease: Lease | None = None
    counted_until: datetime = T0

    def __post_init__(self) -> None:
        self.store = MemoryStore(lambda: self.now)

    async def time(self) -> datetime:
        return self.now

    async def has_waiting(self) -> bool:
        return bool(self.store._due_at)

    async def renew(self, owner: str, seconds: float, most_gap_seconds: float) -> Lease:
        mine = self.lease is not None and self.lease.owner == owner
        if self.lease is not None and not mine and self.lease.until > self.now:
            return self.lease
        fence = (self.lease.fence if self.lease else 0) + (not mine)
        gap = (self.now - self.counted_until).total_seconds() if self.lease else 0.0
        if gap <= most_gap_seconds:
            self.counted_until = self.now
        self.lease = Lease(owner, self.now + timedelta(seconds=seconds), fence, gap)
        return self.lease

    async def give_back(self, owner: str) -> None:
        if self.lease is not None and self.lease.owner == owner:
            self.lease = replace(self.lease, until=self.now)
            self.counted_until = self.now

    async def shift(self, seconds: float) -> None:
        later = timedelta(seconds=seconds)
        for saga in list(self.store._due_at):
            one = self.store.documents[saga]
            times = {name: at + later for name in LIMITS if (at := getattr(one, name))}
            self.store._keep(replace(one, revision=one.revision + 1, **times))
        self.counted_until = min(self.now, self.counted_until + later)
