"""The sweeper: what it finds due, in which order, how much at once, and what it puts off."""

import asyncio
from dataclasses import replace

from played_given import PATIENT, Always, Never
from runtime_given import NO, Ground, messages, record, said, told, triggers, types
from wired_ports import WiredStore, Wires

from services.runtime.arrivals import Answered, Wish
from services.runtime.delivery import deliver, settle
from services.runtime.sweeper import LOOK_AGAIN_SECONDS, SWEEP_LIMIT, sweep

OUTER = {"outside": True}
PATIENCE = 35


class Silent:
    """The port `Watch`: silent are the sagas that it is told; it notes whom it was asked about."""

    def __init__(self, *sagas: str) -> None:
        self.sagas, self.asked = set(sagas), list[str]()

    def is_silent(self, document, _now, /):
        self.asked.append(document.context.saga_id)
        return document.context.saga_id in self.sagas


async def done(*sagas: str, step: str = "contract", **answers: object) -> Ground:
    """Decided, said and marked."""
    ground = Ground(told(step, **answers))
    worker = ground.delivery()
    await deliver(worker, triggers(step, *sagas))
    await ground.store.write([], {saga: one.said for saga, one in ground.store.documents.items()})
    return ground


async def claimed(*sagas: str, **part: object) -> Ground:
    ground = Ground(told("contract"), part={**OUTER, **part})
    await deliver(ground.delivery(), triggers("contract", *sagas))
    return ground


def state(ground: Ground, saga: str = "a") -> str:
    return ground.store.documents[saga].state


def words(ground: Ground) -> list[str]:
    return sorted(types(messages(ground.log)))


async def test_nothing_due_is_nothing_to_do():
    ground = await done("a")
    before = len(messages(ground.log))
    assert await sweep(ground.delivery(), Always()) == 0
    assert len(messages(ground.log)) == before


async def test_a_deadline_that_passed_is_said_and_the_step_undone():
    ground = await claimed("a")
    ground.clock.go_on(30)
    assert await sweep(ground.delivery(), Never()) == 1
    assert words(ground) == ["CompensationRequested", "PartnerOnboardingFailed"]
    assert state(ground) == "undoing"
    assert ground.calls[-1].state == "undoing"
    assert ground.cells[-1] == "deadline, pending"


async def test_a_deadline_comes_before_a_try_that_is_due_too():
    ground = await claimed("a")
    ground.clock.go_on(31)
    await sweep(ground.delivery(), Never())
    assert [one.state for one in ground.calls] == ["pending", "undoing"]


async def test_a_parked_step_ends_at_its_deadline():
    ground = await done("a", a=ValueError())
    ground.clock.go_on(30)
    await sweep(ground.delivery(), Never())
    assert state(ground) == "undone"


async def test_a_try_that_is_due_is_called():
    ground = await claimed("a")
    answers = {"a": [Answered(ground.calls[0].lease, "later")]}
    await settle(ground.delivery(), answers, dict(ground.store.documents))
    assert await sweep(ground.delivery(), Never()) == 0
    ground.clock.go_on(1)
    assert await sweep(ground.delivery(), Never()) == 1
    assert [one.attempts for one in ground.calls] == [1, 2]


async def test_a_call_that_was_lost_with_its_worker_is_made_again_when_its_lease_is_over():
    ground = await claimed("a", **PATIENT)
    ground.calls.clear()
    ground.clock.go_on(29)
    assert await sweep(ground.delivery(), Never()) == 0
    ground.clock.go_on(1)
    assert await sweep(ground.delivery(), Never()) == 1
    assert ground.calls == [ground.store.documents["a"]]


async def test_an_undo_that_was_lost_with_its_worker_is_called_again():
    ground = await claimed("a", **PATIENT)
    await deliver(ground.delivery(), [asked("a")])
    ground.calls.clear()
    for _ in range(2):
        ground.clock.go_on(30)
        await sweep(ground.delivery(), Never())
    assert [one.state for one in ground.calls] == ["undoing"] * 2


async def test_what_was_parked_by_the_handler_and_redriven_is_read_again_and_decided():
    ground = await done("a", a=ValueError())
    stored = await ground.store.read(["a"])
    await settle(ground.delivery(), {"a": [Wish("redrive")]}, stored)
    ground.service = told("contract")
    assert await sweep(ground.delivery(), Never()) == 1
    assert state(ground) == "done"
    assert ground.cells[-1] == "do, pending"


async def test_a_watch_that_is_due_speaks_if_the_next_step_is_silent():
    ground = await done("a", "b")
    ground.clock.go_on(PATIENCE)
    assert await sweep(ground.delivery(), Silent("a")) == 2
    assert words(ground) == [
        "CompensationRequested", "ContractCreated", "ContractCreated", "ContractCreated",
        "PartnerOnboardingFailed",
    ]  # fmt: skip
    assert ground.store.documents["a"].watch_at is None
    assert ground.store.documents["b"].watch_at is not None


async def test_a_watch_before_its_time_is_not_even_asked_about():
    ground, silent = await done("a"), Silent("a")
    ground.clock.go_on(PATIENCE - 1)
    assert await sweep(ground.delivery(), silent) == 0
    assert silent.asked == []


async def test_a_watch_that_is_due_is_put_off_while_the_next_step_is_only_behind():
    ground, silent = await done("a"), Silent()
    ground.clock.go_on(PATIENCE)
    assert await sweep(ground.delivery(), silent) == 1
    assert await sweep(ground.delivery(), silent) == 0
    ground.clock.go_on(LOOK_AGAIN_SECONDS)
    assert await sweep(ground.delivery(), silent) == 1
    assert silent.asked == ["a", "a"]
    assert ground.store.documents["a"].is_watching
    silent.sagas.add("a")
    ground.clock.go_on(LOOK_AGAIN_SECONDS)
    await sweep(ground.delivery(), silent)
    assert "CompensationRequested" in words(ground)


async def test_an_answer_that_comes_before_the_watch_speaks_is_the_end_of_it():
    ground = await done("a")
    ground.clock.go_on(PATIENCE)
    await sweep(ground.delivery(), Silent())
    await deliver(ground.delivery(), [record("DocumentsVerified", ce_sagaid="a")])
    ground.clock.go_on(3600)
    assert await sweep(ground.delivery(), Always()) == 0


async def test_600_watches_of_a_queue_do_not_keep_what_is_due_later_from_being_looked_at():
    """They are looked at again each second, for as long as the queue lasts."""
    queue = [f"q-{number:03}" for number in range(600)]
    ground = await done(*queue)
    ground.clock.go_on(1)
    late = ground.delivery()
    await deliver(late, triggers("contract", "dead", first_offset=900))
    await ground.store.write([], {"dead": 1})
    assert len(queue) > SWEEP_LIMIT
    silent = Silent("dead")
    for _ in range(3):
        ground.clock.go_on(PATIENCE / 3)
        await sweep(ground.delivery(), silent)
    for _ in range(3):
        ground.clock.go_on(LOOK_AGAIN_SECONDS)
        await sweep(ground.delivery(), silent)
    assert "dead" in silent.asked
    assert ground.store.documents["dead"].watch_at is None
    assert set(silent.asked) == {*queue, "dead"}


async def test_a_sweep_looks_at_a_bounded_number_and_the_next_goes_on():
    sagas = [f"s-{number}" for number in range(SWEEP_LIMIT + 7)]
    ground = await claimed(*sagas)
    ground.clock.go_on(30)
    assert await sweep(ground.delivery(), Never()) == SWEEP_LIMIT
    assert await sweep(ground.delivery(), Never()) == 7
    assert {one.state for one in ground.store.documents.values()} == {"undoing"}


async def test_the_number_of_port_calls_does_not_grow_with_what_is_due():
    calls = {}
    for count in (2, 20, 200):
        ground = await done(*(f"s-{number}" for number in range(count)))
        ground.clock.go_on(PATIENCE)
        wires = Wires()
        store = WiredStore(wires, ground.store)
        silent = Silent(*(f"s-{number}" for number in range(count // 2)))
        await sweep(ground.delivery(store=store), silent)
        calls[count] = wires.calls
    assert calls[2] == calls[20] == calls[200] == ["due", "write", "put_off"]


async def test_two_sweepers_at_once_say_each_thing_under_one_id_and_call_once():
    ground = await claimed("a", "b")
    ground.calls.clear()
    ground.clock.go_on(30)
    await asyncio.gather(*(sweep(ground.delivery(), Always()) for _ in range(3)))
    assert all(len(forms) == 1 for forms in said(ground.log).values())
    assert len(said(ground.log)) == 4
    assert sorted(one.context.saga_id for one in ground.calls) == ["a", "b"]


async def test_a_sweep_that_was_decided_from_an_older_document_is_decided_anew():
    """An answer is written between its look and its write."""
    ground = await claimed("a")
    ground.clock.go_on(30)
    store = WiredStore(Wires(), ground.store)

    async def first() -> None:
        answers = {"a": [Answered(ground.calls[0].lease, NO)]}
        await settle(ground.delivery(), answers, dict(ground.store.documents))

    store.before_write = first
    await sweep(ground.delivery(store=store), Never())
    assert state(ground) == "rejected"
    assert ground.store.documents["a"].refusal.code == NO.code


def asked(saga: str):
    one = record("CompensationRequested", ce_sagaid=saga, ce_id=f"r-{saga}")
    return replace(one, offset=77)


async def test_an_undo_that_nobody_can_call_for_any_more_says_so_when_its_hours_are_over():
    """The outside system of the step was switched off while sagas were under way."""
    ground = await claimed("a")
    off = Ground(told("contract"), store=ground.store, log=ground.log)
    off.clock.time = ground.clock.time
    worker = off.delivery()
    for _ in range(2):
        off.clock.go_on(90_000)
        await sweep(worker, Never())
    assert state(off) == "undo_parked"
    assert "StepParked" in words(off)
