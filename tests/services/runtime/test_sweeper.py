"""The sweeper: says what a dead worker left unsaid, writes marks that no batch took along."""

from runtime_given import NO, Ground, messages, said, told, triggers
from wired_ports import CrashError, WiredLog, WiredStore, Wires

from services.runtime import metrics
from services.runtime.delivery import deliver
from services.runtime.sweeper import SWEEP_LIMIT, UNSENT_SECONDS, flush_marks, sweep


async def left_unsent(*sagas: str, **answers: object) -> Ground:
    """Recorded, then the worker died before it said anything."""
    ground = Ground(told("contract", **answers))
    log = WiredLog(Wires(0), ground.log)
    try:
        await deliver(ground.delivery(log=log), triggers("contract", *sagas))
    except CrashError:
        return ground
    raise AssertionError("it did not crash")


async def test_what_was_left_unsent_is_said_once_it_is_old_enough():
    ground = await left_unsent("a", "b", "bug", b=NO, bug=ValueError())
    worker = ground.delivery()
    assert await sweep(worker) == 0
    assert messages(ground.log) == []
    ground.clock.go_on(UNSENT_SECONDS)
    assert await sweep(worker) == 3
    expected = {m.event_id for d in ground.store.documents.values() for m in d.outbox}
    assert set(said(ground.log)) == expected
    assert len(messages(ground.log)) == 4


async def test_what_the_sweeper_said_is_marked_and_not_said_again():
    ground = await left_unsent("a")
    ground.clock.go_on(UNSENT_SECONDS)
    await sweep(ground.delivery())
    ground.clock.go_on(3600)
    assert await sweep(ground.delivery()) == 0
    assert len(messages(ground.log)) == 1


async def test_a_sweep_says_a_bounded_number_and_the_next_goes_on():
    sagas = [f"s-{number}" for number in range(SWEEP_LIMIT + 7)]
    ground = await left_unsent(*sagas)
    ground.clock.go_on(UNSENT_SECONDS)
    assert await sweep(ground.delivery()) == SWEEP_LIMIT
    assert await sweep(ground.delivery()) == 7
    assert len(said(ground.log)) == len(messages(ground.log)) == SWEEP_LIMIT + 7


async def test_marks_are_written_when_nothing_else_comes():
    ground = Ground(told("contract"))
    worker = ground.delivery()
    await deliver(worker, triggers("contract", "a"))
    await sweep(worker)
    assert worker.sent == {}
    ground.clock.go_on(3600)
    assert await sweep(ground.delivery()) == 0


async def test_an_idle_flush_without_marks_costs_no_write():
    ground, wires = Ground(told("contract")), Wires()
    await flush_marks(ground.delivery(store=WiredStore(wires, ground.store)))
    assert wires.calls == []


async def test_marks_of_a_worker_that_died_are_made_good():
    """It said everything and died before the marks were written: said again, the same."""
    ground = Ground(told("contract"))
    await deliver(ground.delivery(), triggers("contract", "a"))
    ground.clock.go_on(UNSENT_SECONDS)
    assert await sweep(ground.delivery()) == 1
    assert len(messages(ground.log)) == 2
    assert all(len(forms) == 1 for forms in said(ground.log).values())


async def test_what_was_resent_is_counted():
    ground = await left_unsent("a", "b")
    before = resent()
    ground.clock.go_on(UNSENT_SECONDS)
    await sweep(ground.delivery())
    assert resent() == before + 2


def resent() -> float:
    labels = {"service": "contract"}
    return metrics.REGISTRY.get_sample_value("onboarding_outbox_resent_total", labels) or 0
