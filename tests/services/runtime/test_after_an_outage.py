"""What was decided before an outage and is written after it; what the sweeper makes of the gap."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from runtime_given import T0, Clock, Ground, messages, part_of, told, triggers, types
from stored_given import after, document, due, stored

from services.runtime.arrivals import Answered, Due
from services.runtime.delivery import deliver, settle
from services.runtime.document import Document
from services.runtime.memory import MemoryStore
from services.runtime.mongo import connect
from services.runtime.ports import Missed, Sent, Unknown, WriteResult
from services.runtime.process_store import MOVED_AT_ONCE, TimeStore
from services.runtime.store import StepStore
from services.runtime.sweeping import Lease, Sweeping
from services.runtime.vitals import Vitals
from services.runtime.watching import NextServices

AWAY = 60


@dataclass
class Mute:
    """A store whose first write nobody acknowledges, for so long; it is done, or is not."""

    inner: MemoryStore
    clock: Clock
    is_done: bool
    away_seconds: float = AWAY
    mutes: int = 1

    async def write(self, documents: Sequence[Document], sent: Sent) -> Sequence[WriteResult]:
        if not self.mutes:
            return await self.inner.write(documents, sent)
        self.mutes -= 1
        if self.is_done:
            await self.inner.write(documents, sent)
        self.clock.go_on(self.away_seconds)
        return [Unknown()] * len(documents)

    async def read(self, saga_ids: Sequence[str]):
        return await self.inner.read(saga_ids)


async def claimed(is_done: bool) -> Ground:
    ground = Ground(told("contract"), part={"outside": True})
    mute = Mute(ground.store, ground.clock, is_done)
    await deliver(ground.delivery(store=mute), triggers("contract", "a"))
    return ground


async def test_a_claim_that_an_outage_held_up_is_decided_anew_with_all_of_its_time():
    ground = await claimed(is_done=False)
    one = ground.store.documents["a"]
    assert one.revision == 1
    assert one.deadline_at is not None
    assert one.deadline_at > after(AWAY + 30)
    assert [call.deadline_at for call in ground.calls] == [one.deadline_at]


async def test_a_claim_that_was_recorded_unheard_is_called_and_not_left_to_the_end_of_its_lease():
    ground = await claimed(is_done=True)
    assert ground.store.documents["a"].revision == 1
    assert [call.lease for call in ground.calls] == ["1"]


async def test_an_answer_that_was_recorded_unheard_is_said_at_once():
    """Left to the sweeper it would be said after a minute: the step before would not wait so long."""
    ground = await claimed(is_done=True)
    (asked,) = ground.calls
    mute = Mute(ground.store, ground.clock, is_done=True)
    await settle(ground.delivery(store=mute), {"a": [Answered("1", "yes")]}, {"a": asked})
    assert types(messages(ground.log)) == ["ContractCreated"]


async def test_what_was_recorded_unheard_is_known_again_after_its_times_were_moved():
    ground = Ground(told("contract"), part={"outside": True})
    mute = Mute(ground.store, ground.clock, is_done=True)

    async def read(saga_ids: Sequence[str]):
        one = ground.store.documents["a"]
        moved = replace(one, deadline_at=after(99), try_at=after(98), revision=one.revision + 1)
        return {"a": moved}

    mute.read = read  # type: ignore[method-assign]
    await deliver(ground.delivery(store=mute), triggers("contract", "a"))
    assert [(call.revision, call.deadline_at) for call in ground.calls] == [(2, after(99))]


async def test_a_write_that_another_worker_came_before_is_not_taken_for_ones_own():
    ground = Ground(told("contract"), part={"outside": True})
    mute = Mute(ground.store, ground.clock, is_done=False, away_seconds=5)
    await deliver(ground.delivery(), triggers("contract", "a"))
    ground.clock.go_on(1)
    await deliver(ground.delivery(store=mute), triggers("contract", "a"))
    assert len(ground.calls) == 1


async def test_of_two_workers_that_claim_alike_only_the_one_that_wrote_calls():
    ground = await claimed(is_done=False)
    ground.clock.go_on(AWAY)
    both = {"a": ground.store.documents["a"]}
    for _ in range(2):
        await settle(ground.delivery(), {"a": [Due("try")]}, both)
    assert [call.lease for call in ground.calls] == ["1", "2"]


async def test_a_write_that_the_database_does_not_answer_is_unknown_and_not_tried_again():
    client = connect("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50&directConnection=true")
    vitals = Vitals()
    store = StepStore(client, "onboarding_contract", vitals, Clock())
    assert list(await store.write([document()], {})) == [Unknown()]
    assert vitals.waiting_for.keys() == {"mongo"}


@pytest.mark.servers
async def test_what_was_decided_before_times_were_moved_misses(real_store, mongo, prefix: str):
    """Else the answer of a call that was out would write the old deadline back."""
    await real_store.write([document(state="pending", deadline_at=after(30))], {})
    before = await stored(real_store)
    await TimeStore(mongo, f"{prefix}onboarding_contract", Vitals()).shift(AWAY)
    assert list(await real_store.write([before], {})) == [Missed()]
    assert (await stored(real_store)).deadline_at == after(30 + AWAY)


@pytest.mark.servers
async def test_a_try_is_not_moved_beyond_the_deadline(real_store, mongo, prefix: str):
    """It was set when the database was back, and before the sweeper found the gap."""
    waits = document(state="pending", sent=1, try_at=after(61), deadline_at=after(30))
    await real_store.write([waits], {})
    await TimeStore(mongo, f"{prefix}onboarding_contract", Vitals()).shift(AWAY)
    one = await stored(real_store)
    assert (one.try_at, one.deadline_at) == (after(61), after(30 + AWAY))
    assert [await due(real_store, seconds) for seconds in (60, 61)] == [[], ["saga-1"]]


@dataclass
class Keeper:
    """The port `TimeKeeper`: the lease is this worker's, renewed when it is asked for."""

    clock: Clock
    renewed_at: datetime = T0
    shifted: list[float] = field(default_factory=list)

    async def time(self) -> datetime:
        return self.clock.time

    async def has_waiting(self) -> bool:
        return True

    async def renew(self, owner: str, seconds: float, _most: float) -> Lease:
        gap, self.renewed_at = self.clock.time - self.renewed_at, self.clock.time
        until = self.clock.time + timedelta(seconds=seconds)
        return Lease(owner, until, 1, gap.total_seconds())

    async def shift(self, seconds: float) -> None:
        self.shifted.append(round(seconds))


@dataclass
class Groups:
    """The port `Places` of a broker that answers each look after so many seconds."""

    clock: Clock
    seconds: float = 0
    is_away: bool = False

    async def ends(self, topics):
        self.clock.go_on(self.seconds)
        if self.is_away:
            raise TimeoutError
        return {(topic, 0): 0 for topic in topics}

    async def of_group(self, _name, partitions):
        return dict.fromkeys(partitions, 0)

    async def begins(self, topics):
        return {(topic, 0): 0 for topic in topics}


def sweeping(step: str = "contract") -> tuple[Sweeping, Keeper, Groups]:
    ground = Ground(told(step))
    keeper, groups = Keeper(ground.clock), Groups(ground.clock)
    watch = NextServices(part_of(ground.service, ground.clock), groups)
    return Sweeping(ground.delivery(), keeper, watch, lambda _now: None, "w-1"), keeper, groups


async def test_a_look_that_the_broker_answered_late_is_a_gap():
    one, keeper, groups = sweeping()
    await one.tick()
    groups.seconds = 9
    await one.tick()
    assert keeper.shifted == [9]


@pytest.mark.parametrize("step", ["contract", "recruitment"])
async def test_no_step_sweeps_while_the_broker_is_away_the_last_one_neither(step: str):
    one, keeper, groups = sweeping(step)
    await one.tick()
    groups.is_away, groups.seconds = True, 10
    for _ in range(3):
        await one.tick()
    assert keeper.renewed_at < after(1)
    groups.is_away, groups.seconds = False, 0
    await one.tick()
    assert keeper.shifted == [30]


@pytest.mark.servers
async def test_of_many_that_wait_each_is_moved_once_however_many_are_due_at_one_moment(
    real_store, mongo, prefix: str
):
    """More than a page, more than a page of one moment, and some that a try keeps where they are."""
    count = 2 * MOVED_AT_ONCE + 300

    def waiting(number: int):
        at = after(30 if number < MOVED_AT_ONCE + 100 else 30 + number)
        tried = after(5) if number % 10 == 0 else None
        one = document(state="pending", sent=1, deadline_at=at, try_at=tried)
        return replace(one, context=replace(one.context, saga_id=f"s-{number:05}"))

    for first in range(0, count, 500):
        await real_store.write([waiting(n) for n in range(first, min(first + 500, count))], {})
    steps = mongo[f"{prefix}onboarding_contract"].steps
    before = {one["_id"]: one async for one in steps.find()}
    await TimeStore(mongo, f"{prefix}onboarding_contract", Vitals()).shift(AWAY)
    assert len(before) == count
    async for one in steps.find():
        was = before[one["_id"]]
        assert one["deadline_at"] - was["deadline_at"] == timedelta(seconds=AWAY)
        assert one["revision"] == was["revision"] + 1
