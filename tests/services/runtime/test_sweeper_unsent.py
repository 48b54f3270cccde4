"""The sweeper says what a dead worker left unsaid, and writes marks that no batch took along."""

import pytest
from played_given import PATIENT, Always, Never
from runtime_given import NO, Ground, messages, said, told, triggers, types
from wired_ports import CrashError, WiredLog, WiredStore, Wires

from services.runtime import metrics
from services.runtime.arrivals import Answered
from services.runtime.delivery import deliver, settle
from services.runtime.document import RESEND_ANSWERS_SECONDS, RESEND_SECONDS
from services.runtime.marks import RIPE_SECONDS
from services.runtime.sweeper import SWEEP_LIMIT, flush_marks, sweep
from services.runtime.sweeping import LEASE_SECONDS

PATIENCE = 35


async def left_unsent(*sagas: str, step: str = "recruitment", **answers: object) -> Ground:
    """Recorded, then the worker died before it said anything."""
    ground = Ground(told(step, **answers), part=PATIENT if step == "recruitment" else {})
    log = WiredLog(Wires(1), ground.log)  # the first is that of what could not be read: nothing
    try:
        await deliver(ground.delivery(log=log), triggers(step, *sagas))
    except CrashError:
        assert messages(ground.log) == []
        return ground
    raise AssertionError("it did not crash")


async def test_what_was_left_unsent_is_said_once_it_is_old_enough():
    ground = await left_unsent("a", "b", "bug", b=NO, bug=ValueError())
    worker = ground.delivery()
    assert await sweep(worker, Never()) == 0
    assert messages(ground.log) == []
    ground.clock.go_on(RESEND_SECONDS)
    assert await sweep(worker, Never()) == 3
    expected = {m.event_id for d in ground.store.documents.values() for m in d.outbox}
    assert set(said(ground.log)) == expected
    assert len(messages(ground.log)) == len(expected) == 6


async def test_what_the_sweeper_said_is_marked_and_not_said_again():
    ground = await left_unsent("a")
    ground.clock.go_on(RESEND_SECONDS)
    await sweep(ground.delivery(), Never())
    ground.clock.go_on(3600)
    assert await sweep(ground.delivery(), Never()) == 0
    assert len(messages(ground.log)) == 2


async def test_what_an_answer_led_to_is_said_before_the_step_before_gives_it_up():
    """A worker died between recording the answer of a call and saying it: no batch brings it."""
    ground = Ground(told("contract"), part={"outside": True})
    await deliver(ground.delivery(), triggers("contract", "a"))
    yes = Answered(ground.store.documents["a"].lease, "yes")
    crashing = ground.delivery(log=WiredLog(Wires(1), ground.log))
    with pytest.raises(CrashError):
        await settle(crashing, {"a": [yes]}, {"a": ground.store.documents["a"]})
    assert messages(ground.log) == []
    ground.clock.go_on(RESEND_ANSWERS_SECONDS)
    await sweep(ground.delivery(), Never())
    assert types(messages(ground.log)) == ["ContractCreated"]
    assert RESEND_ANSWERS_SECONDS + LEASE_SECONDS < PATIENCE


async def test_a_sweep_says_a_bounded_number_and_the_next_goes_on():
    sagas = [f"s-{number}" for number in range(SWEEP_LIMIT + 7)]
    ground = await left_unsent(*sagas)
    ground.clock.go_on(RESEND_SECONDS)
    assert await sweep(ground.delivery(), Never()) == SWEEP_LIMIT
    assert await sweep(ground.delivery(), Never()) == 7
    assert len(said(ground.log)) == len(messages(ground.log)) == 2 * (SWEEP_LIMIT + 7)


async def test_the_number_of_port_calls_does_not_grow_with_what_was_left_unsent():
    calls = {}
    for count in (2, 20, 200):
        ground = Ground(told("contract"))
        await deliver(ground.delivery(), triggers("contract", *map(str, range(count))))
        ground.clock.go_on(PATIENCE)
        wires = Wires()
        await sweep(ground.delivery(store=WiredStore(wires, ground.store)), Never())
        calls[count] = wires.calls
    assert calls[2] == calls[20] == calls[200]


async def test_nobody_is_blamed_for_not_answering_what_was_not_sent():
    """The watch is due, and the next step silent: what was left is said, and counted from then."""
    ground = await left_unsent("a", step="contract")
    ground.clock.go_on(PATIENCE + 1)
    assert await sweep(ground.delivery(), Always()) == 1
    assert len(messages(ground.log)) == 1
    ground.clock.go_on(PATIENCE - 1)
    assert await sweep(ground.delivery(), Always()) == 0
    assert ground.store.documents["a"].is_watching
    ground.clock.go_on(1)
    assert await sweep(ground.delivery(), Always()) == 1
    assert not ground.store.documents["a"].is_watching
    assert len(said(ground.log)) == 3


async def test_a_deadline_does_not_wait_for_what_was_left_unsent():
    """It is said with what the deadline says."""
    ground = Ground(told("contract", a=ValueError()))
    log = WiredLog(Wires(1), ground.log)
    try:
        await deliver(ground.delivery(log=log), triggers("contract", "a"))
    except CrashError:
        ground.clock.go_on(30)
    await sweep(ground.delivery(), Never())
    assert ground.store.documents["a"].state == "undone"
    assert len(messages(ground.log)) == 5  # the dead letter, the parking, R, F and K


async def test_marks_are_written_when_nothing_else_comes():
    ground = Ground(told("recruitment"))
    worker = ground.delivery()
    await deliver(worker, triggers("recruitment", "a"))
    ground.clock.go_on(RIPE_SECONDS)
    await sweep(worker, Never())
    assert worker.marks.waiting == {}
    ground.clock.go_on(3600)
    assert await sweep(ground.delivery(), Never()) == 0
    assert len(messages(ground.log)) == 2


async def test_what_waits_for_its_mark_is_not_said_again():
    """The worker knows that it was sent, though the write took a minute."""
    ground = Ground(told("recruitment"))
    worker = ground.delivery()
    await deliver(worker, triggers("recruitment", "a"))
    ground.clock.go_on(RESEND_SECONDS)
    worker.marks.waiting = {"a": (2, ground.clock())}
    assert await sweep(worker, Never()) == 1
    assert len(messages(ground.log)) == 2
    assert await sweep(worker, Never()) == 0


async def test_an_idle_flush_without_marks_costs_no_write():
    ground, wires = Ground(told("contract")), Wires()
    worker = ground.delivery(store=WiredStore(wires, ground.store))
    await flush_marks(worker, ground.clock())
    assert wires.calls == []


async def test_a_flush_leaves_the_marks_that_may_become_needless():
    ground, wires = Ground(told("contract")), Wires()
    worker = ground.delivery(store=WiredStore(wires, ground.store))
    await deliver(worker, triggers("contract", "a"))
    await flush_marks(worker, ground.clock())
    assert wires.calls == ["write"]
    await flush_marks(worker, ground.clock(), after_seconds=0)
    assert wires.calls == ["write", "write"]
    assert ground.store.documents["a"].sent == 1


async def test_marks_of_a_worker_that_died_are_made_good():
    """It said everything and died before the marks were written: said again, the same."""
    ground = Ground(told("recruitment"))
    await deliver(ground.delivery(), triggers("recruitment", "a"))
    ground.clock.go_on(RESEND_SECONDS)
    assert await sweep(ground.delivery(), Never()) == 1
    assert len(messages(ground.log)) == 4
    assert all(len(forms) == 1 for forms in said(ground.log).values())


async def test_what_was_resent_is_counted():
    ground = await left_unsent("a", "b")
    before = resent()
    ground.clock.go_on(RESEND_SECONDS)
    await sweep(ground.delivery(), Never())
    assert resent() == before + 2


def resent() -> float:
    labels = {"service": "recruitment"}
    return metrics.REGISTRY.get_sample_value("onboarding_outbox_resent_total", labels) or 0
