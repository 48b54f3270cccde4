"""Parkings are said on the step's own dead letter topic, wishes are heard there, and nothing else."""

from dataclasses import replace

import pytest
from runtime_given import NO, READER, Clock, Ground, header, part_of, record, told, triggers, types

from contracts import ids
from contracts.envelope import Context, Record, binary, source_of
from contracts.operator import RedriveRequested, ResolveRequested, read_operator_event
from services.runtime.delivery import Delivery, deliver
from services.runtime.memory import MemoryOutside
from services.runtime.outside import call
from services.runtime.part import Limits
from services.runtime.sweeper import sweep

LETTERS = "onboarding.contract.dlq"
BUG = ValueError("secret of a partner")


class Never:
    """The port `Watch`: nobody is silent here."""

    def is_silent(self, _document, _now, /):
        return False


def wish(kind=RedriveRequested, saga="saga-1", step="contract", tenant="default", **more):
    """A record of the step's dead letter topic, as the command line sends it."""
    context = Context(saga, tenant, "p-1", "corr-1", "partner-onboarding", 1)
    data = kind(step=step, reason="The bug is mended.", requested_by="ana")
    topic = f"onboarding.{step}.dlq"
    sent = binary(topic, more.get("id", "w-1"), source_of("cli"), Clock()(), data, context)
    return Record(topic, 0, 7, sent.key, sent.value, tuple(sent.headers), 0)


def on_letters(ground):
    return ground.log.records(LETTERS)


def parkings(ground):
    return [event for one in on_letters(ground) if (event := read_operator_event(one, READER))]


async def parked(answer=BUG) -> Ground:
    ground = Ground(told("contract", **{"saga-1": answer}))
    await deliver(ground.delivery(), triggers("contract", "saga-1"))
    ground.cells.clear()
    return ground


async def swept(ground: Ground) -> None:
    """By a fresh process, which does not know what was sent: it says that first, then it tries."""
    delivery = ground.delivery()
    await sweep(delivery, Never())
    await sweep(delivery, Never())


def state(ground, saga="saga-1"):
    return ground.store.documents[saga].state


async def test_a_parked_do_says_so_beside_the_copy_of_its_record():
    ground = await parked()
    letter, said = on_letters(ground)
    assert header(letter, "dlq_error_class") == "BUG"
    assert types([said]) == ["StepParked"]
    assert (said.key, header(said, "ce_causationid")) == (b"p-1", "e-saga-1")
    (event,) = parkings(ground)
    assert event.event_id == ids.parked_id("saga-1", "StepParked", "contract", 0)
    assert (event.data.step, event.data.state, event.data.attempts) == ("contract", "parked", 1)
    assert event.data.where == header(letter, "dlq_error")
    assert "secret" not in event.data.where


async def test_a_redriven_do_is_decided_again_from_its_record_and_completes():
    ground = await parked()
    ground.service = told("contract")
    await deliver(ground.delivery(), [wish()])
    assert (ground.cells, state(ground)) == (["redrive, parked"], "pending")
    await swept(ground)
    assert state(ground) == "done"
    assert types(ground.log.records("onboarding.contract-created")) == ["ContractCreated"]


async def test_a_bug_that_is_not_mended_parks_again_under_another_id():
    ground = await parked()
    await deliver(ground.delivery(), [wish()])
    await swept(ground)
    assert state(ground) == "parked"
    said = {event.event_id: event.data.attempts for event in parkings(ground)}
    assert said == {
        ids.parked_id("saga-1", "StepParked", "contract", 0): 1,
        ids.parked_id("saga-1", "StepParked", "contract", 2): 1,
    }


async def test_a_redrive_that_comes_twice_asks_once():
    ground = await parked()
    await deliver(ground.delivery(), [wish(), wish()])
    assert ground.cells == ["redrive, parked", "ignored"]
    assert state(ground) == "pending"


async def test_a_wish_beside_the_event_that_parks_is_granted_in_the_same_batch():
    ground = Ground(told("contract", **{"saga-1": BUG}))
    await deliver(ground.delivery(), [wish(), *triggers("contract", "saga-1")])
    assert ground.cells == ["do, absent", "redrive, parked"]


@pytest.mark.parametrize("answer", [None, NO])
@pytest.mark.parametrize("kind", [RedriveRequested, ResolveRequested])
async def test_a_wish_in_any_other_state_changes_nothing_and_is_counted(kind, answer):
    ground = await parked(answer)
    if answer is None:
        ground = Ground(told("contract"))
        await deliver(ground.delivery(), triggers("contract", "saga-1"))
        ground.cells.clear()
    before = dict(ground.store.documents)
    await deliver(ground.delivery(), [wish(kind)])
    assert (ground.cells, ground.store.documents) == (["ignored"], before)


async def test_a_wish_for_a_saga_that_is_not_known_here_is_counted_and_makes_no_document():
    ground = Ground(told("contract"))
    await deliver(ground.delivery(), [wish(), wish(ResolveRequested)])
    assert (ground.cells, ground.store.documents) == (["ignored", "ignored"], {})


async def test_a_wish_of_another_tenant_is_not_granted():
    ground = await parked()
    await deliver(ground.delivery(), [wish(tenant="acme")])
    assert (ground.cells, state(ground)) == (["ignored"], "parked")


@pytest.mark.parametrize("found", [
    replace(wish(), headers=(*wish().headers, ("dlq_id", b"1"))),
    replace(wish(), value=b"{"),
    replace(wish(), value=None),
    replace(wish(), headers=()),
    replace(wish(step="documents"), topic=LETTERS),
    triggers("contract", "saga-1")[0],
], ids=["a dead letter", "half a body", "nothing", "no headers", "of another step", "an event"])  # fmt: skip
async def test_all_else_on_that_topic_is_skipped_and_never_set_aside_again(found):
    ground = await parked()
    before = len(on_letters(ground))
    await deliver(ground.delivery(), [replace(found, topic=LETTERS), *on_letters(ground)])
    assert (ground.cells, state(ground), len(on_letters(ground))) == ([], "parked", before)


async def test_its_own_words_come_back_and_do_nothing_for_ever():
    """The smallest loop: a dead letter, heard by the service that wrote it."""
    ground = Ground(told("contract"))
    poison = replace(triggers("contract", "saga-1")[0], value=b"{")
    await deliver(ground.delivery(), [poison])
    for _ in range(3):
        await deliver(ground.delivery(), on_letters(ground))
    assert len(on_letters(ground)) == 1


def outer(ground: Ground) -> Delivery:
    """The step with an outside system."""
    return replace(ground.delivery(), part=part_of(ground.service, ground.clock, outside=True))


async def undo_parked(hours_over: bool) -> tuple[Ground, MemoryOutside]:
    """An outer step that was done, and whose undo is refused, or has no answer for its day."""
    ground, outside = Ground(told("contract")), MemoryOutside()
    await deliver(outer(ground), triggers("contract", "saga-1"))
    await answered(ground, outside)
    outside.replies["saga-1"] = ["later" if hours_over else "bug"] * 3
    undone = {"step": "documents", "outcome": "undone"}
    await deliver(outer(ground), [record("CompensationCompleted", undone)])
    await answered(ground, outside)
    for _ in range(4):
        ground.clock.go_on(Limits().undo + 1 if hours_over else 1)
        await sweep(outer(ground), Never())
        await answered(ground, outside)
    ground.cells.clear()
    return ground, outside


async def answered(ground: Ground, outside: MemoryOutside) -> None:
    while ground.calls:
        await call(outer(ground), outside, ground.calls.pop(0))


@pytest.mark.parametrize("hours_over", [False, True])
async def test_a_parked_undo_says_that_the_saga_is_half_undone(hours_over):
    ground, _ = await undo_parked(hours_over)
    assert state(ground) == "undo_parked"
    event, *again = parkings(ground)
    assert (event.data.step, event.data.state) == ("contract", "undo_parked")
    assert event.data.where
    assert event.event_id == ids.parked_id("saga-1", "StepParked", "contract", 1)
    assert {(one.event_id, one.digest) for one in again} <= {(event.event_id, event.digest)}


async def test_an_undo_whose_time_is_over_is_parked_with_what_it_came_to_at_last():
    ground, _ = await undo_parked(hours_over=True)
    where = "no answer in the time that an undo has; last: refused"
    assert parkings(ground)[0].data.where == where


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [(RedriveRequested, b'"undone"'), (ResolveRequested, b'"resolved_by_operator"')],
)
async def test_a_parked_undo_is_redriven_or_resolved(kind, outcome):
    ground, outside = await undo_parked(hours_over=False)
    outside.replies.clear()
    await deliver(outer(ground), [wish(kind)])
    assert state(ground) == "undoing"
    await answered(ground, outside)
    assert state(ground) == "undone"
    (said,) = ground.log.records("onboarding.compensation-completed")
    assert outcome in said.value
