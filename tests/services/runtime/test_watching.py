"""Due is not yet dead: when a watch speaks, and when it takes the next step for a queue."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from runtime_given import T0, part_of, told
from stored_given import watching

from contracts.journey import PARTNER_ONBOARDING_1, Journey, journeys_of
from contracts.topics import event_topic, group
from services.runtime.watching import FORGOTTEN_AFTER, STILL_AT_LEAST, NextServices

PATIENCE = 35
EVENT = (event_topic("ContractCreated"), 0)
ANSWER = (event_topic("DocumentsVerified"), 0)
NEXT, OWN = group("documents"), group("contract")


@dataclass
class Places:
    """The port `Places`: one partition per topic, places as they are told."""

    log: dict[tuple[str, int], int] = field(default_factory=dict)
    groups: dict[str, dict[tuple[str, int], int]] = field(default_factory=dict)

    async def ends(self, topics):
        return {(topic, 0): self.log.get((topic, 0), 0) for topic in topics}

    async def of_group(self, name, partitions):
        known = self.groups.get(name, {})
        return {one: known[one] for one in partitions if one in known}

    async def begins(self, topics):
        return {(topic, 0): 0 for topic in topics}


class Looked:
    """The watch of `contract` on `documents`; the event stands at offset 9, 10 answers are read."""

    def __init__(self, next_at: int | None = 0, seconds: float = 30) -> None:
        self.places = Places({EVENT: 10, ANSWER: 10}, {OWN: {ANSWER: 10}})
        self.now = T0
        self.watch = NextServices(
            part_of(told("contract"), seconds_for=lambda _: seconds), self.places
        )
        self.next_stands(next_at)

    def next_stands(self, place: int | None) -> None:
        if place is not None:
            self.places.groups[NEXT] = {EVENT: place}

    async def speaks(self, seconds: float = 0, saga: str = "saga-1") -> bool:
        """Whether it does, so much later than at the last look."""
        self.now += timedelta(seconds=seconds)
        await self.watch.look(self.now)
        return self.watch.is_silent(watching(saga), self.now)


async def test_t1_what_was_taken_has_timeout_and_grace_from_the_first_look_that_saw_it_taken():
    one = Looked(next_at=10)
    assert not await one.speaks()
    assert not await one.speaks(PATIENCE - 1)
    assert await one.speaks(1)


async def test_t1_the_time_counts_only_from_when_the_place_is_past_the_event():
    one = Looked(next_at=5)
    assert not await one.speaks()
    one.next_stands(9)
    assert not await one.speaks(PATIENCE - 1)
    one.next_stands(10)
    assert not await one.speaks(1)
    assert not await one.speaks(PATIENCE - 1)
    assert await one.speaks(1)


async def test_t1_what_is_said_after_the_event_is_not_waited_for():
    one = Looked(next_at=10)
    assert not await one.speaks()
    one.places.log[EVENT] = 1000
    assert await one.speaks(PATIENCE)


async def test_a_place_that_moves_is_a_queue_however_long_it_takes():
    one = Looked()
    for place in range(9):
        one.next_stands(place)
        assert not await one.speaks(PATIENCE - 1)


async def test_a_place_that_does_not_move_for_timeout_and_grace_is_dead_or_stuck():
    one = Looked(next_at=3)
    assert not await one.speaks()
    one.next_stands(4)
    assert not await one.speaks(PATIENCE - 1)
    assert not await one.speaks(PATIENCE - 1)
    assert await one.speaks(1)


async def test_however_little_time_a_step_has_a_worker_that_died_can_be_replaced():
    one = Looked(next_at=3, seconds=1)
    assert not await one.speaks()
    assert not await one.speaks(STILL_AT_LEAST.total_seconds() - 1)
    assert await one.speaks(1)


async def test_a_service_without_a_group_is_dead():
    assert await Looked(next_at=None).speaks()


async def test_t2_answers_that_this_service_has_not_read_yet_may_hold_the_word():
    one = Looked(next_at=10)
    await one.speaks()
    one.places.groups[OWN] = {ANSWER: 8}
    assert not await one.speaks(PATIENCE)
    one.places.groups[OWN] = {ANSWER: 9}
    assert not await one.speaks(1)
    one.places.groups[OWN] = {ANSWER: 10}
    assert await one.speaks(1)


async def test_t2_it_waits_for_the_end_that_the_answers_had_at_that_look_alone():
    one = Looked(next_at=10)
    await one.speaks()
    one.places.groups[OWN] = {ANSWER: 8}
    assert not await one.speaks(PATIENCE)
    one.places.log[ANSWER] = 1000
    one.places.groups[OWN] = {ANSWER: 10}
    assert await one.speaks(1)


async def test_a_saga_of_a_version_in_which_the_next_step_says_another_event_is_watched_too():
    one = Looked(next_at=10)
    rows = PARTNER_ONBOARDING_1.steps
    checked = (*rows[:2], replace(rows[2], says="DocumentsChecked"))
    known = journeys_of(PARTNER_ONBOARDING_1, Journey("partner-onboarding", 2, checked))
    one.watch.part = replace(one.watch.part, journeys=known)
    assert not await one.speaks()
    assert await one.speaks(PATIENCE)


async def test_time_in_which_nobody_could_look_does_not_count():
    one = Looked(next_at=10)
    await one.speaks()
    one.watch.forget()
    assert not await one.speaks(PATIENCE)
    assert await one.speaks(PATIENCE)


async def test_a_successor_that_has_seen_nothing_is_late_never_early():
    one = Looked(next_at=10)
    await one.speaks()
    one.watch = NextServices(one.watch.part, one.places)
    assert not await one.speaks(PATIENCE)


async def test_the_last_step_watches_nobody():
    watch = NextServices(part_of(told("recruitment")), Places())
    await watch.look(T0)
    assert not watch.is_silent(watching(), T0)


async def test_a_saga_of_a_journey_that_is_not_known_here_is_left_alone():
    one = Looked(next_at=None)
    await one.speaks()
    strange = watching(context=replace(watching().context, journey="another"))
    assert not one.watch.is_silent(strange, one.now)


@pytest.mark.parametrize("sagas", [1, 50])
async def test_what_was_answered_meanwhile_is_forgotten(sagas):
    one = Looked()
    for number in range(sagas):
        one.next_stands(number % 9)
        await one.speaks(1, f"saga-{number}")
    assert len(one.watch._seen) == sagas
    one.next_stands(9)
    await one.speaks(FORGOTTEN_AFTER.total_seconds(), "another")
    assert list(one.watch._seen) == ["another"]
