"""Delivery: how a batch of records becomes decisions that are recorded once and said until heard.

    1. read     what cannot be read goes to the dead letter topic
    2. decide   each saga's events, one after the other, by the table in protocol.py
    3. record   one guarded write per saga: decision, result and outbox in one
    4. say      what the documents say, awaiting every acknowledgement
    5. return   only now may the batch be acknowledged

Stop the process after any of these and nothing is lost: the batch comes again, finds what was
recorded, and says the same again under the same ids. The document is the only guard: records
may come twice, late, in any order, and to two workers at once.

A batch costs a constant number of round trips, whatever its size. It never fails because a
server is away: both ports wait and try again. Whatever else escapes from here ends the process
(agent.py), before Faust could acknowledge.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from contracts.envelope import Event, Message, Record
from contracts.poison import PoisonError
from contracts.reading import Reader
from services.runtime.dead_letters import dead_letter
from services.runtime.document import Document
from services.runtime.ports import Log, Sent, Store, Taken, Written
from services.runtime.protocol import Part, hear

Count = Callable[[str, Event | Record], None]


@dataclass(slots=True)
class Delivery:
    """A step's delivery. `sent` holds marks that ride on the next write (or an idle flush)."""

    part: Part
    reader: Reader
    log: Log
    store: Store
    count: Count
    sent: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Settled:
    """One saga after its events of this batch."""

    document: Document | None = None
    changed: bool = False
    speak: bool = False
    dead_letters: list[Message] = field(default_factory=list)
    cells: list[tuple[str, Event | Record]] = field(default_factory=list)


async def deliver(delivery: Delivery, batch: Sequence[Record]) -> None:
    """Do all that a batch of records asks for. Returns when the batch may be acknowledged."""
    service = delivery.part.service.name
    events, dead_letters = read(batch, delivery.reader, service, delivery.count)
    sagas = await record(delivery, by_saga(events))
    dead_letters += [letter for saga in sagas for letter in saga.dead_letters]
    await delivery.log.publish(dead_letters)
    await say(delivery, [saga.document for saga in sagas if saga.speak and saga.document])
    for cell, event in (seen for saga in sagas for seen in saga.cells):
        delivery.count(cell, event)


def read(
    batch: Iterable[Record], reader: Reader, service: str, count: Count
) -> tuple[list[Event], list[Message]]:
    """The events of a batch, and a dead letter for every record that is none."""
    events: list[Event] = []
    dead_letters: list[Message] = []
    for item in batch:
        try:
            events.append(reader.read(item))
        except PoisonError as error:
            dead_letters.append(dead_letter(item, service, error, reader.prefix))
            count(error.error_class, item)
    return events, dead_letters


def by_saga(events: Iterable[Event]) -> dict[str, list[Event]]:
    """The events grouped by saga, in the order in which they came."""
    groups: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        groups[event.context.saga_id].append(event)
    return groups


async def record(delivery: Delivery, sagas: Mapping[str, list[Event]]) -> list[Settled]:
    """Decide and record, again for the sagas where somebody else wrote first.

    The first round takes every saga for new, which most are: no read before the write. A saga
    that is not new misses its guard, and is read and decided anew.
    """
    settled: dict[str, Settled] = {}
    stored: Mapping[str, Document] = {}
    taken: dict[str, str] = {}
    waiting = list(sagas)
    while waiting:
        for saga in waiting:
            settled[saga] = decide(delivery, stored.get(saga), sagas[saga], taken.get(saga))
        changed = {s: d for s in waiting if settled[s].changed and (d := settled[s].document)}
        marks: Sent = {}
        if changed:
            marks, delivery.sent = delivery.sent, {}
        results = await delivery.store.write(list(changed.values()), marks)
        missed = [(s, r) for s, r in zip(changed, results, strict=True) if r != Written()]
        taken |= {saga: result.key for saga, result in missed if isinstance(result, Taken)}
        waiting = [saga for saga, _ in missed]
        stored = await delivery.store.read(waiting) if waiting else {}
    return list(settled.values())


def decide(
    delivery: Delivery, document: Document | None, events: Iterable[Event], taken: str | None
) -> Settled:
    """A saga's events of one batch, one after the other, folded into one write."""
    settled, part = Settled(document), delivery.part
    for event in events:
        try:
            answer = hear(settled.document, event, part, taken)
        except PoisonError as error:
            letter = dead_letter(event.record, part.service.name, error, part.prefix)
            settled.dead_letters.append(letter)
            settled.cells.append((error.error_class, event))
            continue
        settled.changed |= answer.document is not settled.document
        settled.speak |= answer.speak
        settled.document = answer.document
        settled.cells.append((answer.cell, event))
    return settled


async def say(delivery: Delivery, documents: Sequence[Document]) -> None:
    """Send the outboxes. What a document says second is sent when its first was acknowledged."""
    for wave in zip_longest(*(document.outbox for document in documents)):
        await delivery.log.publish([message for message in wave if message is not None])
    delivery.sent |= {document.context.saga_id: document.said for document in documents}
