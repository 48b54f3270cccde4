"""When to sweep: one worker of a service at a time, and never by time in which nobody could.

The worker that holds the lease sweeps. Before it does, it must have reached both servers: time in
which it could not does not count, so that an outage undoes no saga. A gap between its sweeps moves
every deadline and watch by that gap.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from services.runtime.delivery import Delivery
from services.runtime.sweeper import flush_marks, sweep
from services.runtime.watching import NextServices

LEASE_SECONDS = 10.0
RENEW_SECONDS = 3.0
GAP_SECONDS = 8.0  # longer than between two renewals of a lease that nobody lost
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Lease:
    """Whose turn it is until when. `gap_seconds`: how long before this renewal the last one was.

    `fence` is higher for each new owner.
    """

    owner: str
    until: datetime
    fence: int
    gap_seconds: float


class TimeKeeper(Protocol):
    """What sweeping needs of the database."""

    async def time(self) -> datetime:
        """The time of the database."""
        ...

    async def has_waiting(self) -> bool:
        """Whether time will ask something of any document."""
        ...

    async def renew(self, owner: str, seconds: float, most_gap_seconds: float) -> Lease:
        """Take the lease if it is free or one's own; tells who has it. A gap that is larger is told
        again at every renewal until a shift has closed it."""
        ...

    async def give_back(self, owner: str) -> None:
        """End one's lease, for the next owner to take at once; of another's, nothing."""
        ...

    async def shift(self, seconds: float) -> None:
        """Close a gap: move deadlines, watches and the ends of undos of documents that wait by so
        much; not when to try again."""
        ...


@dataclass(slots=True)
class Sweeping:
    """The sweeps of one worker, named `owner`."""

    delivery: Delivery
    keeper: TimeKeeper
    watch: NextServices
    set_clock: Callable[[datetime], None]
    owner: str
    lease: Lease | None = None

    async def tick(self) -> int:
        """One sweep, if it is this worker's turn; returns how many documents were due."""
        now = await self.keeper.time()
        self.set_clock(now)
        await flush_marks(self.delivery, now)
        if not self._may_be_its_turn(now):
            return 0
        waiting = await self.keeper.has_waiting()
        if waiting and not await self._looked(now):
            return 0
        looked = await self._renew()
        if not looked or self.lease is None or self.lease.owner != self.owner:
            return 0
        return await sweep(self.delivery, self.watch) if waiting else 0

    async def stop(self) -> None:
        """Leave the lease to another worker, so that nothing is put off by a gap."""
        now = self.delivery.part.now()  # of one that has ended it would hide an outage
        if self.lease and self.lease.owner == self.owner and self.lease.until > now:
            await self.keeper.give_back(self.owner)

    def _may_be_its_turn(self, now: datetime) -> bool:
        return self.lease is None or self.lease.owner == self.owner or self.lease.until <= now

    async def _looked(self, now: datetime) -> bool:
        try:
            await self.watch.look(now)
        except Exception as error:  # of the broker's client: whatever it is, nobody could look
            log.warning("sweep.put_off", error=type(error).__name__)
            return False
        return True

    async def _renew(self) -> bool:
        """By the time of now: the look at the groups may have taken as long as an outage. After one
        it is looked again; False: the broker does not answer, and nothing can be told of groups."""
        now, looked = self.delivery.part.now(), True
        mine = self.lease is not None and self.lease.owner == self.owner
        if mine and self.lease and self.lease.until - now > _seconds(LEASE_SECONDS - RENEW_SECONDS):
            return True
        lease = await self.keeper.renew(self.owner, LEASE_SECONDS, GAP_SECONDS)
        if lease.owner == self.owner and lease.gap_seconds > GAP_SECONDS:
            log.warning("sweep.gap", seconds=lease.gap_seconds, fence=lease.fence)
            await self.keeper.shift(lease.gap_seconds)
            self.watch.forget()
            looked = await self._looked(now)
        self.lease = lease
        return looked


def _seconds(number: float) -> timedelta:
    return timedelta(seconds=number)
