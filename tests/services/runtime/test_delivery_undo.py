"""Undo events, answers and wishes through delivery, on ports in memory."""

from dataclasses import replace

import pytest
from runtime_given import NO, Ground, header, record, said, start, told, triggers, types
from wired_ports import WiredStore, Wires

from contracts import poison
from services import registration
from services.runtime.arrivals import Answered, Due
from services.runtime.delivery import deliver, settle

WHY = {"code": "ASKED", "reason": "A person asks.", "requested_by": "ops-1"}
OUTER = {"outside": True}
CREATION = "partner-creation/1"


def requested(saga: str = "saga-1", failed_step: str | None = None, **given):
    body = {"failed_step": failed_step, **WHY}
    return record("CompensationRequested", body, ce_sagaid=saga, ce_id=f"r-{saga}", **given)


def undone(step: str, saga: str = "saga-1", **given):
    body = {"step": step, "outcome": "undone"}
    return record("CompensationCompleted", body, ce_sagaid=saga, ce_id=f"k-{saga}", **given)


def words(ground: Ground) -> list[str]:
    return sorted(types([one for topic in ground.log.topics for one in ground.log.records(topic)]))


async def claimed(saga: str = "saga-1") -> Ground:
    """An outer step whose call runs."""
    ground = Ground(told("contract"), part=OUTER)
    await deliver(ground.delivery(), triggers("contract", saga))
    assert ground.store.documents[saga].lease
    return ground


def answer(ground: Ground, told, saga: str = "saga-1"):
    return {saga: [Answered(ground.calls[-1].lease, told)]}


async def test_a_persons_request_without_a_journey_undoes_a_saga_of_another_journey():
    """Read with the default journey it is not contract's turn; but the document's journey wins."""
    ground = Ground(told("contract"))
    (trigger,) = triggers("contract", "saga-1")
    trigger = replace(trigger, headers=(*trigger.headers, ("ce_journey", CREATION.encode())))
    await deliver(ground.delivery(), [trigger])
    await deliver(ground.delivery(), [requested(ce_journey=None)])
    assert ground.store.documents["saga-1"].state == "undone"
    assert ground.cells[-1] == "undo, my turn, done"


async def test_a_persons_request_without_a_journey_is_looked_up_and_not_taken_for_a_new_saga():
    ground, wires = Ground(registration.STEP), Wires()
    store = WiredStore(wires, ground.store)
    await deliver(ground.delivery(), [start(1)])
    ((saga, document),) = ground.store.documents.items()
    await deliver(ground.delivery(store=store), [requested(saga, ce_journey=None)])
    written = [size for call, size in zip(wires.calls, wires.sizes, strict=True) if call == "write"]
    assert (sum(written), document.state) == (0, "done")


async def test_v6_a_step_that_the_sagas_journey_does_not_have_is_a_dead_letter_and_the_rest_is_done():
    ground = Ground(told("contract"))
    (trigger,) = triggers("contract", "saga-1")
    trigger = replace(trigger, headers=(*trigger.headers, ("ce_journey", CREATION.encode())))
    await deliver(ground.delivery(), [trigger])
    batch = [requested(failed_step="documents"), *triggers("contract", "b")]
    await deliver(ground.delivery(), batch)
    (letter,) = ground.log.records("onboarding.contract.dlq")
    assert header(letter, "dlq_error_class") == poison.UNKNOWN_STEP
    assert {s: one.state for s, one in ground.store.documents.items()} == {
        "saga-1": "done",
        "b": "done",
    }


async def test_do_and_undo_in_one_batch_are_one_write_and_only_the_undo_is_said():
    ground, wires = Ground(told("contract")), Wires()
    delivery = ground.delivery(store=WiredStore(wires, ground.store))
    await deliver(delivery, [*triggers("contract", "saga-1"), undone("documents")])
    assert words(ground) == ["CompensationCompleted"]
    assert ground.store.documents["saga-1"].revision == 1
    assert ground.cells == ["do, absent", "undo, my turn, done"]


async def test_undo_and_do_in_one_batch_block_and_refuse():
    ground = Ground(told("contract"))
    await deliver(ground.delivery(), [undone("documents"), *triggers("contract", "saga-1")])
    assert words(ground) == ["CompensationCompleted"]
    assert ground.store.documents["saga-1"].state == "blocked"
    assert ground.cells == ["undo, my turn, absent", "do, blocked"]
    assert not ground.service.handler.asked


async def test_v3_claim_and_undo_in_one_batch_call_once_and_undo_after_the_answer():
    ground = Ground(told("contract"), part=OUTER)
    batch = [*triggers("contract", "saga-1"), requested(failed_step="contract")]
    await deliver(ground.delivery(), batch)
    assert len(ground.calls) == 1
    await settle(ground.delivery(), answer(ground, "yes"), dict(ground.store.documents))
    assert [one.state for one in ground.calls] == ["pending", "undoing"]
    await settle(ground.delivery(), answer(ground, "yes"), dict(ground.store.documents))
    assert words(ground) == ["CompensationCompleted"]


async def test_a_call_starts_once_it_is_recorded_and_its_lease_is_the_recorded_one():
    ground = await claimed()
    (called,) = ground.calls
    assert called == ground.store.documents["saga-1"]


@pytest.mark.parametrize("reply", ["yes", "later", NO])
async def test_w5_an_answer_that_was_decided_from_an_older_document_is_decided_anew(reply):
    """An undo was written while the call ran; who called knows only the document of the claim."""
    ground = await claimed()
    await deliver(ground.delivery(), [undone("documents")])
    await settle(ground.delivery(), answer(ground, reply), {"saga-1": ground.calls[0]})
    expected = "rejected" if reply is NO else "undoing"
    assert ground.store.documents["saga-1"].state == expected
    assert len(ground.calls) == (1 if reply is NO else 2)


async def test_w5_of_two_answers_at_once_one_counts():
    ground = await claimed()
    stale = {"saga-1": ground.calls[0]}
    told_yes, told_no = answer(ground, "yes"), answer(ground, NO)
    await settle(ground.delivery(), told_yes, stale)
    await settle(ground.delivery(), told_no, stale)
    assert ground.store.documents["saga-1"].state == "done"
    assert words(ground) == ["ContractCreated"]


async def test_w5_a_deadline_that_was_decided_from_an_older_document_is_decided_anew():
    ground = await claimed()
    before = dict(ground.store.documents)
    await settle(ground.delivery(), answer(ground, "yes"), before)
    await settle(ground.delivery(), {"saga-1": [Due("deadline")]}, before)
    assert ground.store.documents["saga-1"].state == "done"
    assert ground.cells[-1] == "ignored"


async def test_the_answer_of_the_next_step_clears_the_watch_without_a_look_at_the_document():
    ground, wires = Ground(told("contract")), Wires()
    await deliver(ground.delivery(), triggers("contract", "saga-1"))
    assert ground.store.documents["saga-1"].is_watching
    delivery = ground.delivery(store=WiredStore(wires, ground.store))
    await deliver(
        delivery, [record("DocumentsVerified"), record("DocumentsVerified", ce_sagaid="x")]
    )
    assert not ground.store.documents["saga-1"].is_watching
    assert "read" not in wires.calls
    assert ground.cells[-2:] == ["next, done"] * 2


async def test_the_answer_of_the_next_step_makes_a_mark_needless():
    ground = Ground(told("contract"))
    delivery = ground.delivery()
    await deliver(delivery, triggers("contract", "saga-1"))
    assert set(delivery.marks.waiting) == {"saga-1"}
    await deliver(delivery, [record("DocumentsVerified")])
    assert delivery.marks.waiting == {}


@pytest.mark.parametrize("times", ["first time", "again"])
async def test_undoing_many_sagas_costs_as_many_port_calls_as_undoing_two(times):
    calls = {}
    for count in (2, 20, 200):
        sagas = [f"s-{number}" for number in range(count)]
        ground, wires = Ground(told("contract")), Wires()
        await deliver(ground.delivery(), triggers("contract", *sagas))
        batch = [undone("documents", saga) for saga in sagas]
        if times == "again":
            await deliver(ground.delivery(), batch)
        await deliver(ground.delivery(store=WiredStore(wires, ground.store)), batch)
        calls[count] = wires.calls
        assert {one.state for one in ground.store.documents.values()} == {"undone"}
    assert calls[2] == calls[20] == calls[200]
    assert len(calls[2]) <= 3


async def test_an_undo_frees_what_the_saga_held():
    ground = Ground(registration.STEP)
    await deliver(ground.delivery(), [start(1, "same@b.example")])
    (saga,) = ground.store.documents
    await deliver(ground.delivery(), [undone("contract", saga)])
    await deliver(ground.delivery(), [start(2, "same@b.example")])
    assert sorted(one.state for one in ground.store.documents.values()) == ["done", "undone"]


async def test_v9_whatever_is_said_again_is_the_same_in_every_byte():
    ground = Ground(told("contract", no=NO))
    batch = [
        *triggers("contract", "a", "no", "a"),
        undone("documents", "a"),
        undone("documents", "no"),
        requested("b", "contract"),
        undone("documents", "b"),
    ]
    for _ in range(3):
        ground.clock.go_on(3600)
        await deliver(ground.delivery(), batch)
    assert len(words(ground)) > len(said(ground.log))
    assert all(len(forms) == 1 for forms in said(ground.log).values())
    assert {s: one.state for s, one in ground.store.documents.items()} == {
        "a": "undone",
        "no": "rejected",
        "b": "blocked",
    }


async def test_what_another_tenant_asks_of_a_saga_is_a_dead_letter():
    ground = Ground(told("contract"))
    await deliver(ground.delivery(), triggers("contract", "saga-1"))
    await deliver(ground.delivery(), [undone("documents", ce_tenantid="acme")])
    assert ground.store.documents["saga-1"].state == "done"
    assert ground.cells[-1] == poison.TENANT_MISMATCH


async def test_what_is_due_of_a_saga_that_is_gone_is_nothing():
    ground = Ground(told("contract"))
    await settle(ground.delivery(), {"saga-1": [Due("deadline")]})
    assert ground.cells == ["ignored"]


@pytest.mark.parametrize(
    ("asked", "reads"),
    [
        (undone("campaigns"), 0),
        (undone("contract"), 0),
        (undone("documents"), 1),
        (requested(), 1),  # it is the last step of partner-creation
        (requested(failed_step="registration"), 1),
    ],
)
async def test_what_asks_nothing_of_this_step_in_any_journey_is_ignored_without_a_look(
    asked, reads
):
    ground = Ground(told("contract"))
    await deliver(ground.delivery(), triggers("contract", "saga-1"))
    wires = Wires()
    await deliver(ground.delivery(store=WiredStore(wires, ground.store)), [asked])
    assert wires.calls.count("read") == reads
