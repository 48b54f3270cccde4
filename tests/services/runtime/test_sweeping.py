"""Whose turn it is to sweep, and that time in which nobody could sweep does not count."""

from dataclasses import replace
from datetime import timedelta
from math import inf

from keeper_given import MemoryKeeper
from played_given import Never
from runtime_given import Ground, told, triggers
from test_watching import Places

from services.runtime.delivery import deliver
from services.runtime.sweeper import SWEEP_LIMIT, sweep
from services.runtime.sweeping import GAP_SECONDS, LEASE_SECONDS, Sweeping
from services.runtime.watching import NextServices


class Broken(Places):
    """A broker that is away, or not, or goes away after so many answers."""

    away = False
    answers = inf

    async def ends(self, topics):
        self.answers -= 1
        if self.away or self.answers < 0:
            raise ConnectionError
        return await super().ends(topics)


class Service:
    """`contract` with an outside system that never answers: its deadline is 30 s."""

    def __init__(self) -> None:
        self.keeper, self.places = MemoryKeeper(), Broken()
        self.ground = Ground(told("contract"), store=self.keeper.store, part={"outside": True})

    def worker(self, owner: str) -> Sweeping:
        delivery = self.ground.delivery()
        watch = NextServices(delivery.part, self.places)
        return Sweeping(delivery, self.keeper, watch, self._set_clock, owner)

    def _set_clock(self, now) -> None:
        self.ground.clock.time = now

    async def claim(self) -> None:
        await deliver(self.ground.delivery(), triggers("contract", "a"))

    def go_on(self, seconds: float) -> None:
        self.keeper.now += timedelta(seconds=seconds)

    async def ticks(self, worker: Sweeping, seconds: int) -> None:
        """One each second."""
        for _ in range(seconds):
            self.go_on(1)
            await worker.tick()

    @property
    def state(self) -> str:
        return self.ground.store.documents["a"].state


async def under_way() -> tuple[Service, Sweeping]:
    """A step that was just claimed, and the worker that sweeps."""
    service = Service()
    worker = service.worker("a")
    await worker.tick()
    await service.claim()
    return service, worker


async def test_the_time_is_the_databases():
    service = Service()
    service.go_on(1000)
    await service.worker("a").tick()
    assert service.ground.clock.time - service.keeper.now < timedelta(seconds=1)


async def test_one_of_several_workers_sweeps():
    service = Service()
    one, other = service.worker("a"), service.worker("b")
    await one.tick()
    await other.tick()
    await service.claim()
    service.go_on(1)
    assert [one.lease.owner, other.lease.owner] == ["a", "a"]
    await service.ticks(one, 35)
    assert service.state == "undoing"
    assert await other.tick() == 0


async def test_another_takes_over_when_the_lease_has_ended_with_a_higher_fence():
    service = Service()
    one, other = service.worker("a"), service.worker("b")
    await one.tick()
    await other.tick()
    await service.ticks(other, int(LEASE_SECONDS) + 1)
    assert (other.lease.owner, other.lease.fence) == ("b", 2)
    await one.tick()
    assert one.lease.owner == "b"


async def test_an_outage_of_the_broker_moves_every_deadline_by_its_length():
    service, worker = await under_way()
    service.places.away = True
    await service.ticks(worker, 60)
    service.places.away = False
    await service.ticks(worker, 25)
    assert service.state == "pending"
    await service.ticks(worker, 10)
    assert service.state == "undoing"


async def test_a_broker_that_goes_away_again_at_the_look_after_a_gap_is_an_outage_and_no_bug():
    service, worker = await under_way()
    service.go_on(60)
    service.places.answers = 1  # there are two looks: before the lease is renewed, and after a gap
    assert await worker.tick() == 0
    assert service.places.answers == -1
    await service.ticks(worker, 60)
    service.places.answers = inf
    await service.ticks(worker, 25)
    assert service.state == "pending"
    await service.ticks(worker, 10)
    assert service.state == "undoing"


async def test_an_outage_of_the_database_moves_every_deadline_by_its_length():
    """While it is away a tick does not return."""
    service, worker = await under_way()
    service.go_on(60)
    await service.ticks(worker, 25)
    assert service.state == "pending"
    await service.ticks(worker, 10)
    assert service.state == "undoing"


async def test_a_jump_of_the_databases_clock_is_such_a_gap():
    service, worker = await under_way()
    service.go_on(3600)
    await worker.tick()
    assert service.state == "pending"


async def test_a_pause_as_between_two_renewals_moves_nothing():
    service, worker = await under_way()
    await service.ticks(worker, 31)
    assert service.state == "undoing"


async def test_a_worker_that_stops_leaves_the_lease_so_that_nothing_is_put_off():
    service = Service()
    one, other = service.worker("a"), service.worker("b")
    await one.tick()
    await other.tick()
    await service.claim()
    await service.ticks(one, 5)
    await one.stop()
    await service.ticks(other, 26)
    assert other.lease.owner == "b"
    assert service.state == "undoing"


async def test_a_worker_that_is_stopped_during_an_outage_of_the_broker_does_not_hide_it():
    service, one = await under_way()
    other = service.worker("b")
    service.places.away = True
    await service.ticks(one, 60)
    await one.stop()
    service.places.away = False
    await service.ticks(other, 6)
    assert service.state == "pending"


async def test_a_worker_that_dies_before_it_has_moved_the_times_does_not_hide_an_outage():
    service, _ = await under_way()
    other = service.worker("b")
    service.go_on(60)
    await service.keeper.renew("a", LEASE_SECONDS, GAP_SECONDS)  # and no shift
    await service.ticks(other, 20)
    assert service.state == "pending"


async def test_documents_of_a_journey_that_is_not_known_here_do_not_keep_others_from_their_turn():
    """A version was taken back, and more of its sagas are under way than a sweep looks at."""
    ground = Ground(told("contract"), part={"outside": True})
    unknown = [f"old-{number}" for number in range(SWEEP_LIMIT)]
    await deliver(ground.delivery(), triggers("contract", *unknown))
    for one in list(ground.store.documents.values()):
        ground.store._keep(replace(one, context=replace(one.context, journey_version=2)))
    await deliver(ground.delivery(), triggers("contract", "a", first_offset=SWEEP_LIMIT))
    ground.clock.go_on(100)
    for _ in range(3):
        await sweep(ground.delivery(), Never())
    assert ground.store.documents["a"].state == "undoing"
