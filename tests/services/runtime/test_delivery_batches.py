"""Batches through delivery, on ports in memory: what is decided, recorded, said and marked."""

from dataclasses import replace

import pytest
from runtime_given import (
    HEARS,
    NO,
    Ground,
    header,
    messages,
    record,
    said,
    start,
    start_saga,
    told,
    triggers,
    types,
)
from wired_ports import WiredLog, WiredStore, Wires

from contracts import poison
from services import registration
from services.runtime.delivery import deliver

DLQ = "onboarding.contract.dlq"


def codes(ground: Ground) -> dict[str, str | None]:
    """By saga how its document stands: the code of the refusal, else the state."""
    return {
        saga: document.refusal.code if document.refusal else document.state
        for saga, document in ground.store.documents.items()
    }


def wired(ground: Ground, wires: Wires):
    log, store = WiredLog(wires, ground.log), WiredStore(wires, ground.store)
    return ground.delivery(log=log, store=store), store


async def test_a_batch_with_poison_sets_it_aside_and_does_the_rest():
    ground = Ground(told("contract", b=NO))
    poison_record = record(HEARS["contract"], raw=b"{", offset=5)
    unreadable = replace(poison_record, value=None, offset=6, headers=())
    batch = [unreadable, *triggers("contract", "a", "b"), poison_record]
    await deliver(ground.delivery(), batch)
    assert codes(ground) == {"a": "done", "b": NO.code}
    letters = {header(one, "dlq_offset"): one for one in ground.log.records(DLQ)}
    assert header(letters["5"], "dlq_error_class") == poison.INVALID_JSON
    assert header(letters["6"], "dlq_error_class") == poison.EMPTY_VALUE
    assert len(letters) == 2
    assert sorted(ground.cells) == ["EMPTY_VALUE", "INVALID_JSON", "do, absent", "do, absent"]


async def test_duplicates_inside_one_batch_are_decided_once_and_said_once():
    ground = Ground(told("contract"))
    batch = [*triggers("contract", "a", "b", "a"), *triggers("contract", "a", first_offset=9)]
    await deliver(ground.delivery(), batch)
    assert ground.service.handler.asked == {"a": 1, "b": 1}
    assert len(messages(ground.log)) == 2
    assert sorted(ground.cells) == ["do, absent", "do, absent", "do, done", "do, done"]


async def test_a_contradiction_inside_one_batch_is_a_dead_letter_and_the_first_counts():
    ground = Ground(told("contract"))
    first, second = triggers("contract", "a", "a")
    other_body = replace(second, value=b'{"partner":{"partner_id":"p-1","kind":"STARTUP"}}')
    other_tenant = replace(second, offset=8, headers=(*second.headers, ("ce_tenantid", b"x")))
    await deliver(ground.delivery(), [first, other_body, other_tenant])
    classes = {header(one, "dlq_error_class") for one in ground.log.records(DLQ)}
    assert classes == {poison.ID_REUSED, poison.TENANT_MISMATCH}
    assert ground.store.documents["a"].context.tenant_id == "default"
    assert len(ground.log.records("onboarding.contract-created")) == 1


async def test_two_sagas_of_one_email_in_one_batch_make_one_duplicate_partner():
    ground = Ground(registration.STEP)
    batch = [start(1, "same@b.example"), start(2), start(3, "SAME@b.example")]
    await deliver(ground.delivery(), batch)
    assert sorted(codes(ground).values()) == ["DUPLICATE_PARTNER", "done", "done"]
    assert codes(ground)[start_saga(2)] == "done"
    (failed,) = ground.log.records("onboarding.partner-onboarding-failed")
    assert b'"DUPLICATE_PARTNER"' in failed.value


async def test_an_email_that_is_held_is_refused_in_a_later_batch_but_not_to_another_tenant():
    ground = Ground(registration.STEP)
    await deliver(ground.delivery(), [start(1, "same@b.example")])
    other = start(3, "same@b.example")
    other = replace(other, headers=(*other.headers, ("ce_tenantid", b"acme")))
    await deliver(ground.delivery(), [start(2, "same@b.example"), other])
    assert sorted(codes(ground).values()) == ["DUPLICATE_PARTNER", "done", "done"]
    assert codes(ground)[start_saga(2)] == "DUPLICATE_PARTNER"


async def test_the_holder_of_an_email_is_done_when_it_comes_again():
    ground = Ground(registration.STEP)
    for _ in range(2):
        await deliver(ground.delivery(), [start(1)])
    assert codes(ground) == {start_saga(1): "done"}
    assert all(len(forms) == 1 for forms in said(ground.log).values())


@pytest.mark.parametrize(
    ("theirs", "state", "said_by_them"),
    [({}, "done", 1), ({"a": NO}, NO.code, 2), ({"a": ValueError()}, poison.BUG, 2)],
    ids=["done", "no", "bug"],
)
async def test_someone_wrote_first_so_it_is_decided_anew(theirs, state, said_by_them):
    """Two workers with the same record at once: the one that writes second says the first's."""
    ground = Ground(told("contract", **theirs))
    other = ground.delivery()
    ground.service = told("contract")
    delivery, store = wired(ground, Wires())
    batch = triggers("contract", "a", "b")

    async def first() -> None:
        await deliver(other, batch[:1])

    store.before_write = first
    await deliver(delivery, batch)
    assert ground.service.handler.asked == {"a": 1, "b": 1}
    assert codes(ground) == {"a": state, "b": "done"}
    forms = said(ground.log)
    assert len(forms) == said_by_them + 1
    assert all(len(one) == 1 for one in forms.values())


async def test_someone_took_the_email_between_reading_and_writing():
    ground = Ground(registration.STEP)
    other = ground.delivery()
    delivery, store = wired(ground, Wires())

    async def first() -> None:
        await deliver(other, [start(2, "same@b.example")])

    store.before_write = first
    await deliver(delivery, [start(1, "same@b.example")])
    assert codes(ground) == {start_saga(2): "done", start_saga(1): "DUPLICATE_PARTNER"}


def of_kind(kind: str, count: int):
    sagas = [f"saga-{number}" for number in range(count)]
    if kind == "email":
        return registration.STEP, [start(number, "same@b.example") for number in range(count)]
    if kind == "poison":
        return told("recruitment"), [
            record(HEARS["recruitment"], raw=b"{", offset=n) for n in range(count)
        ]
    no = dict.fromkeys(sagas, NO) if kind == "no" else {}
    return told("recruitment", **no), triggers("recruitment", *sagas)


@pytest.mark.parametrize("kind", ["yes", "no", "email", "poison"])
@pytest.mark.parametrize("times", ["first time", "again"])
async def test_the_number_of_port_calls_does_not_grow_with_the_batch(kind, times):
    calls = {}
    for count in (2, 20, 200):
        service, batch = of_kind(kind, count)
        ground = Ground(service)
        if times == "again":
            await deliver(ground.delivery(), batch)
        wires = Wires()
        await deliver(wired(ground, wires)[0], batch)
        calls[count] = wires.calls
    assert calls[2] == calls[20] == calls[200]
    assert len(calls[2]) <= 8
    assert calls[200].count("write") <= 3
    assert calls[200].count("read") <= 1 + (kind == "email" and times == "again")


async def test_a_batch_of_new_sagas_costs_one_write_and_no_read():
    ground = Ground(told("contract"))
    wires = Wires()
    await deliver(wired(ground, wires)[0], triggers("contract", *map(str, range(50))))
    assert [call for call in wires.calls if call != "publish"] == ["write"]
    assert [size for call, size in zip(wires.calls, wires.sizes, strict=True) if size] == [50, 50]


async def test_a_batch_says_nothing_before_it_recorded_everything():
    """A no of one saga must not hurry ahead of the yes of another that is not written yet."""
    ground = Ground(told("recruitment", b=NO))
    wires = Wires()
    await deliver(wired(ground, wires)[0], triggers("recruitment", "a", "b"))
    first_said = next(
        n for n, call in enumerate(wires.calls) if call == "publish" and wires.sizes[n]
    )
    assert "write" not in wires.calls[first_said:]


async def test_v8_in_the_log_completed_stands_before_the_last_steps_own_event():
    ground = Ground(told("recruitment", b=NO))
    wires = Wires()
    waves = []
    delivery, _ = wired(ground, wires)
    publish = ground.log.publish

    class Watching:
        async def publish(self, sent):
            waves.append(sorted(set(types(sent))))
            return await publish(sent)

    delivery.log = Watching()
    await deliver(delivery, triggers("recruitment", "a", "b"))
    assert [wave for wave in waves if wave] == [
        ["CompensationRequested", "PartnerOnboardingCompleted"],
        ["PartnerOnboardingFailed", "RecruitmentSetupCompleted"],
    ]


async def test_an_empty_batch_does_nothing():
    ground = Ground(told("contract"))
    await deliver(ground.delivery(), [])
    assert (ground.cells, messages(ground.log)) == ([], [])
