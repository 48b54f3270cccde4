"""Marks of what was sent: when they are written, and when they never have to be."""

from runtime_given import NO, T0, Ground, record, told, triggers
from stored_given import after, document
from wired_ports import WiredLog, WiredStore, Wires

from contracts.envelope import Record
from services.runtime.delivery import deliver
from services.runtime.marks import RIPE_SECONDS, Marks


def wired(ground: Ground, wires: Wires):
    log, store = WiredLog(wires, ground.log), WiredStore(wires, ground.store)
    return ground.delivery(log=log, store=store), store


async def test_marks_ride_on_a_later_write_once_they_are_ripe():
    """Most never have to be written: that the next step has answered says the same."""
    ground = Ground(told("contract", b=NO))
    delivery, store = wired(ground, Wires())
    await deliver(delivery, triggers("contract", "a", "b"))
    await deliver(delivery, triggers("contract", "c", first_offset=7))
    assert store.marks == [{}, {}]
    ground.clock.go_on(RIPE_SECONDS)
    await deliver(delivery, triggers("contract", "d", first_offset=8))
    assert store.marks[2] == {"a": 1, "b": 2, "c": 1}
    assert [saga for saga, one in ground.store.documents.items() if one.is_unsent] == ["d"]


async def test_a_batch_that_writes_nothing_keeps_the_marks_for_a_later_one():
    ground = Ground(told("contract"))
    delivery, store = wired(ground, Wires())
    await deliver(delivery, triggers("contract", "a"))
    ground.clock.go_on(RIPE_SECONDS)
    await deliver(delivery, [record("CampaignsEnabled")])
    assert set(delivery.marks.waiting) == {"a"}
    assert store.marks == [{}, {}]


async def test_what_was_said_in_part_is_not_marked():
    """Of a saga that said no, and was told that all behind it is undone, K alone is said again."""
    ground = Ground(told("contract", a=NO))
    batch = [*triggers("contract", "a"), undone("documents", "a")]
    await deliver(ground.delivery(), batch)
    delivery, _ = wired(ground, Wires())
    await deliver(delivery, batch[1:])
    assert delivery.marks.waiting == {}
    await deliver(delivery, batch[:1])
    assert set(delivery.marks.waiting) == {"a"}


def undone(step: str, saga: str) -> Record:
    return record("CompensationCompleted", {"step": step, "outcome": "undone"}, ce_sagaid=saga)


def test_a_mark_is_ripe_once_it_waited_for_the_answer_of_the_next_step_and_is_taken_once():
    marks = Marks()
    marks.add([document("a")], T0)
    marks.add([document("b", said=3)], after(1))
    assert marks.ripe(after(RIPE_SECONDS - 0.1)) == {}
    assert marks.ripe(after(RIPE_SECONDS)) == {"a": 1}
    assert marks.ripe(after(RIPE_SECONDS)) == {}
    assert marks.ripe(after(1), after_seconds=0) == {"b": 3}
    assert marks.waiting == {}


def test_a_later_mark_of_a_saga_takes_the_place_of_the_earlier():
    marks = Marks()
    marks.add([document("a")], T0)
    marks.add([document("a", said=2)], after(4))
    assert marks.ripe(after(RIPE_SECONDS)) == {}
    assert marks.ripe(after(4 + RIPE_SECONDS)) == {"a": 2}


def test_a_mark_of_what_was_answered_is_dropped():
    marks = Marks()
    marks.add([document("a"), document("b")], T0)
    marks.drop(["a", "nobody"])
    assert set(marks.waiting) == {"b"}
