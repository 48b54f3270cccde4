"""A step that works on the queue of one partition is not silent to the sagas of another."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runtime_given import T0, part_of, told
from stored_given import watching

from services.runtime.watching import NextServices

PATIENCE = 35
SAID, OTHER = ("onboarding.contract-created", 0), ("onboarding.contract-created", 1)
UNDOING = ("onboarding.compensation-requested", 0)


@dataclass
class Log:
    """The port `Places`: 100 records in each partition, and where the group of documents stands.

    `own`: where that of contract does; None: it has read all there is. `begin`: where logs begin.
    """

    stands: dict[tuple[str, int], int] = field(default_factory=dict)
    own: dict[tuple[str, int], int] | None = None
    begin: dict[tuple[str, int], int] = field(default_factory=dict)

    async def ends(self, topics):
        return {(topic, one): 100 for topic in topics for one in range(2)}

    async def begins(self, topics):
        return {(topic, one): self.begin.get((topic, one), 0) for topic in topics for one in (0, 1)}

    async def of_group(self, name, partitions):
        if name == "onboarding.documents":
            return {one: self.stands.get(one, 0) for one in partitions}
        if self.own is None:
            return dict.fromkeys(partitions, 100)
        return {one: self.own[one] for one in partitions if one in self.own}


@dataclass
class Looking:
    """The watch of contract, looked at once a second while the group of documents moves."""

    log: Log = field(default_factory=lambda: Log({SAID: 10, OTHER: 10, UNDOING: 10}))
    now: datetime = T0
    watch: NextServices = field(init=False)

    def __post_init__(self) -> None:
        self.watch = NextServices(part_of(told("contract"), lambda: self.now), self.log)

    async def is_silent(self, seconds: int, moving: tuple[str, int] | None = None) -> bool:
        """Whether it is said to be silent in so many seconds."""
        for _ in range(seconds):
            self.now += timedelta(seconds=1)
            if moving:
                self.log.stands[moving] += 1
            await self.watch.look(self.now)
            if self.watch.is_silent(watching(), self.now):
                return True
        return False


async def test_a_group_that_moves_in_another_partition_is_only_behind():
    looking = Looking()
    assert not await looking.is_silent(2 * PATIENCE, moving=OTHER)


async def test_a_group_that_is_busy_with_undoing_is_only_behind():
    looking = Looking()
    assert not await looking.is_silent(2 * PATIENCE, moving=UNDOING)


async def test_a_group_that_moves_nowhere_is_dead_or_stuck():
    looking = Looking()
    assert not await looking.is_silent(PATIENCE)
    assert await looking.is_silent(1)


async def test_a_group_that_moved_until_now_has_all_of_its_time_again():
    looking = Looking()
    assert not await looking.is_silent(PATIENCE, moving=OTHER)
    assert not await looking.is_silent(PATIENCE - 1)
    assert await looking.is_silent(1)
