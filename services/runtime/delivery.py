"""Delivery: how a batch of records becomes decisions that are recorded once and said until heard.

    1. read     what cannot be read goes to the dead letter topic
    2. decide   what arrives at each saga, one after the other, by the table in protocol.py
    3. record   one guarded write per saga: decision, result and outbox in one
    4. say      what the documents say, awaiting every acknowledgement
    5. return   only now may the batch be acknowledged

Stop the process after any of these and nothing is lost: the batch comes again, finds what was
recorded, and says the same again under the same ids. The document is the only guard: records
may come twice, late, in any order, and to two workers at once.

What time, an outside system or a person asks of a saga goes the same way from 2 on (`settle`).
A call to an outside system begins after 3, outside of any batch: its answer arrives by itself.

A batch costs a constant number of round trips, whatever its size. It never fails because a server
is away: both ports wait. Whatever else escapes ends the process (agent.py) without acknowledging.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from contracts.envelope import Event, Message, Record
from contracts.poison import PoisonError
from contracts.reading import Reader
from services.runtime.arrivals import Arrival
from services.runtime.dead_letters import Poisoned
from services.runtime.deciding import Settled, decide
from services.runtime.document import Document
from services.runtime.marks import Marks
from services.runtime.part import Part
from services.runtime.ports import Counts, Log, Store, Taken, Written
from services.runtime.protocol import IGNORED, is_from_next, is_of_undoing
from services.runtime.wishes import arrivals_of, sorted_out

Arrivals = Mapping[str, Sequence[Event | Arrival]]
Documents = Mapping[str, Document]


@dataclass(slots=True)
class Delivery:
    """A step's delivery. `call` starts a call for a document whose lease was just recorded."""

    part: Part
    reader: Reader
    log: Log
    store: Store
    counts: Counts
    call: Callable[[Document], None]
    marks: Marks = field(default_factory=Marks)
    traced: Callable[[Sequence[Event]], list[Event]] = list  # gives each the context of a span


async def deliver(delivery: Delivery, batch: Sequence[Record]) -> None:
    """Do all that a batch of records asks for. Returns when the batch may be acknowledged."""
    wishes, records = sorted_out(batch, delivery.part, delivery.reader)
    events, poisoned = read(records, delivery.reader)
    answered, sagas = list[Event](), defaultdict[str, list[Event]](list)
    for one in delivery.traced(events):
        (answered if is_from_next(one, delivery.part) else sagas[one.context.saga_id]).append(one)
    undoing = {one.context.saga_id for one in events if is_of_undoing(one, delivery.part)}
    stored = await delivery.store.read(list(undoing)) if undoing else {}
    await asyncio.gather(settle(delivery, sagas, stored), clear_watches(delivery, answered))
    await set_aside(delivery, poisoned)
    if wishes:
        await grant(delivery, delivery.traced(wishes))


def read(batch: Iterable[Record], reader: Reader) -> tuple[list[Event], list[Poisoned]]:
    """The events of a batch, and the records that are none."""
    events, poisoned = list[Event](), list[Poisoned]()
    for item in batch:
        try:
            events.append(reader.read(item))
        except PoisonError as error:
            poisoned.append(Poisoned(item, error))
    return events, poisoned


async def settle(delivery: Delivery, arrivals: Arrivals, stored: Documents | None = None) -> None:
    """Decide, record and say what arrives at sagas; start the calls it leads to."""
    sagas = await record(delivery, arrivals, stored or {})
    await set_aside(delivery, [one for saga in sagas for one in saga.poisoned])
    await say(delivery, [(saga.document, saga.say) for saga in sagas if saga.document])
    for saga in sagas:
        if saga.call and saga.document:
            delivery.call(saga.document)
        for cell, arrival, after in saga.cells:
            delivery.counts.cell(cell, arrival, after)


async def grant(delivery: Delivery, wishes: Sequence[Event]) -> None:
    """What persons ask of parked sagas; their documents are read first, as few of them are new."""
    stored = await delivery.store.read([wish.context.saga_id for wish in wishes])
    arrivals, ignored = arrivals_of(wishes, stored)
    await settle(delivery, arrivals, stored)
    for wish in ignored:
        delivery.counts.cell(IGNORED, wish)


async def clear_watches(delivery: Delivery, answered: Sequence[Event]) -> None:
    """The next step has answered: one update for all, which needs no look at the documents."""
    delivery.marks.drop(event.context.saga_id for event in answered)
    if answered:
        await delivery.store.clear_watches([event.context for event in answered])
    for event in answered:
        delivery.counts.cell("next, done", event)


async def set_aside(delivery: Delivery, poisoned: Sequence[Poisoned]) -> None:
    """Send copies of what could not be read to the dead letter topic."""
    part = delivery.part
    await delivery.log.publish([one.letter(part.name, part.prefix) for one in poisoned])
    for one in poisoned:
        delivery.counts.dead_letter(one.error.error_class, one.record)


async def record(delivery: Delivery, arrivals: Arrivals, stored: Documents) -> list[Settled]:
    """Decide and record, again for the sagas where somebody else wrote first.

    The first round takes every saga that is not in `stored` for new, which most are: no read
    before the write. A saga that is not new misses its guard, and is read and decided anew.
    """
    part, settled, taken = delivery.part, dict[str, Settled](), dict[str, str]()
    waiting = list(arrivals)
    while waiting:
        for saga in waiting:
            settled[saga] = decide(part, stored.get(saga), arrivals[saga], taken.get(saga))
        changed = {s: d for s in waiting if settled[s].changed and (d := settled[s].document)}
        marks = delivery.marks.ripe(part.now()) if changed else {}
        results = await delivery.store.write(list(changed.values()), marks)
        for saga, result in zip(changed, results, strict=True):
            if isinstance(result, Taken):
                taken[saga] = result.key
            settled[saga].recorded(result)
        waiting = [s for s, r in zip(changed, results, strict=True) if r != Written()]
        stored = await delivery.store.read(waiting) if waiting else {}
        waiting = [s for s in waiting if not settled[s].is_found_in(stored.get(s))]
    return list(settled.values())


async def say(delivery: Delivery, said: Sequence[tuple[Document, Sequence[Message]]]) -> None:
    """Send messages of outboxes. What a saga says second is sent when its first is acknowledged."""
    for wave in zip_longest(*(messages for _, messages in said)):
        await delivery.log.publish([message for message in wave if message is not None])
    whole = [document for document, messages in said if len(messages) == len(document.outbox)]
    delivery.marks.add([one for one in whole if one.is_unsent], delivery.part.now())
