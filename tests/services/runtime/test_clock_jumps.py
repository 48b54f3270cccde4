"""A clock that jumps: this machine's moves nothing, the database's is a gap that moves all times."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from runtime_given import T0, Ground, messages, told, triggers, types

from services.runtime.clock import DatabaseClock
from services.runtime.delivery import deliver
from services.runtime.sweeping import Lease, Sweeping
from services.runtime.watching import NextServices

HOUR = 3600


@dataclass
class Keeper:
    """The port `TimeKeeper` on a store in memory, with the database's clock."""

    ground: Ground
    renewed_at: datetime = T0

    async def time(self) -> datetime:
        return self.ground.clock()

    async def has_waiting(self) -> bool:
        return True

    async def renew(self, owner: str, seconds: float) -> Lease:
        now = self.ground.clock()
        gap, self.renewed_at = now - self.renewed_at, now
        return Lease(owner, now + timedelta(seconds=seconds), 1, gap.total_seconds())

    async def shift(self, seconds: float) -> None:
        by = timedelta(seconds=seconds)
        moved = [
            replace(one, try_at=one.try_at and one.try_at + by,
                    deadline_at=one.deadline_at and one.deadline_at + by)
            for one in self.ground.store.documents.values()
        ]  # fmt: skip
        await self.ground.store.write(moved, {})


class NoGroups:
    """The port `Places` of a broker on which nobody has read anything."""

    async def ends(self, topics):
        return {(topic, 0): 0 for topic in topics}

    async def of_group(self, _name, _partitions):
        return {}

    def partition_of(self, topic, _key):
        return topic, 0


async def test_a_jump_of_the_databases_clock_fails_no_step_by_its_deadline():
    ground = Ground(told("contract"), part={"outside": True})
    worker = ground.delivery()
    one = Sweeping(
        worker, Keeper(ground), NextServices(worker.part, NoGroups()), lambda _: None, "w-1"
    )
    await deliver(worker, triggers("contract", "a"))
    await one.tick()
    ground.clock.go_on(HOUR)
    await one.tick()
    assert ground.store.documents["a"].state == "pending"
    assert types(messages(ground.log)) == []


def test_a_jump_of_this_machines_clock_moves_no_time():
    monotonic = [7.0]
    clock = DatabaseClock(lambda: monotonic[0])
    clock.set(T0)  # whatever this machine shows
    monotonic[0] += 5
    assert clock() == T0 + timedelta(seconds=5)
