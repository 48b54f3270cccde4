"""A crash at every port call, then the batch again: nothing is lost, nothing is said otherwise."""

from dataclasses import replace

import pytest
from played_given import PATIENT, Never
from runtime_given import (
    HEARS,
    NO,
    Ground,
    header,
    messages,
    record,
    said,
    start,
    told,
    triggers,
)
from wired_ports import CrashError, WiredLog, WiredStore, Wires

from services import registration
from services.runtime.delivery import deliver
from services.runtime.sweeper import sweep

HOWS = ("before", "halfway", "after")


def mixed():
    """Of the last step: two yes, two no, a bug, a repeat, poison, a contradiction."""
    service = told("recruitment", no1=NO, no2=NO, bug=ValueError())
    batch = triggers("recruitment", "yes1", "no1", "bug", "yes2", "no2", "yes1")
    contradiction = replace(
        batch[0], offset=20, value=batch[0].value.replace(b"EMPRESA", b"STARTUP")
    )
    return service, [*batch, record(HEARS["recruitment"], raw=b"{", offset=21), contradiction]


def same_email():
    """Of the first step: three starts, two of them of one e-mail address."""
    batch = [
        start(number, email)
        for number, email in enumerate(("a@b.example", "c@b.example", "a@b.example"))
    ]
    return registration.STEP, batch


BATCHES = {"mixed": mixed, "same e-mail": same_email}


async def played(batch_of, times: int = 1) -> Ground:
    """Without any crash."""
    service, batch = batch_of()
    ground = Ground(service, part=PATIENT)
    for _ in range(times):
        await deliver(ground.delivery(), batch)
    return ground


async def calls_of(batch_of) -> int:
    service, batch = batch_of()
    ground, wires = Ground(service, part=PATIENT), Wires()
    await deliver(wired(ground, wires), batch)
    return len(wires.calls)


def wired(ground: Ground, wires: Wires):
    return ground.delivery(log=WiredLog(wires, ground.log), store=WiredStore(wires, ground.store))


def bodies(ground: Ground) -> dict[str, set[bytes | None]]:
    return {own: {body for body, _ in forms} for own, forms in said(ground.log).items()}


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("name", BATCHES)
async def test_a_crash_at_every_port_call_and_the_batch_again(name, how):
    batch_of = BATCHES[name]
    undisturbed = await played(batch_of)
    count = await calls_of(batch_of)
    assert count >= 4
    for number in range(count):
        service, batch = batch_of()
        ground = Ground(service, part=PATIENT)
        with pytest.raises(CrashError):
            await deliver(wired(ground, Wires(number, how)), batch)
        ground.clock.go_on(60)
        again = ground.delivery()
        await deliver(again, batch)
        left = set(said(undisturbed.log)) - set(said(ground.log))
        assert left <= parkings(ground), f"call {number}"
        await sweep(again, Never())
        assert bodies(ground) == bodies(undisturbed), f"call {number}"
        assert all(len(forms) == 1 for forms in said(ground.log).values()), f"call {number}"
        assert states(ground) == states(undisturbed), f"call {number}"
        assert ordered(ground), f"call {number}"


@pytest.mark.parametrize("how", HOWS)
async def test_a_crash_at_every_port_call_of_the_second_time_too(how):
    """The batch was done, but not acknowledged: it comes again, and that time is cut short."""
    undisturbed = await played(mixed)
    service, batch = mixed()
    for number in range(await calls_of(mixed)):
        ground = Ground(service, part=PATIENT)
        for wires in (Wires(), Wires(number, how), Wires()):
            try:
                await deliver(wired(ground, wires), batch)
            except CrashError:
                ground.clock.go_on(60)
        assert bodies(ground) == bodies(undisturbed)
        assert all(len(forms) == 1 for forms in said(ground.log).values())
        assert states(ground) == states(undisturbed)


def parkings(ground: Ground) -> set[str]:
    """What is parked is not said again by a repeat ("do, parked": nothing): the sweeper says it."""
    parked = [one for one in ground.store.documents.values() if one.state == "parked"]
    return {message.event_id for one in parked for message in one.outbox}


def states(ground: Ground) -> dict[str, str]:
    return {saga: document.state for saga, document in ground.store.documents.items()}


def ordered(ground: Ground) -> bool:
    """In every saga what stands first in the outbox was first said before what stands second."""
    first = {}
    for place, one in enumerate(sorted(messages(ground.log), key=lambda one: one.timestamp_ms)):
        first.setdefault(header(one, "ce_id"), place)
    outboxes = [document.outbox for document in ground.store.documents.values()]
    places = [[first[m.event_id] for m in outbox if m.event_id in first] for outbox in outboxes]
    return all(place == sorted(place) for place in places)
