"""What persons wish, heard on the step's own dead letter topic: a redrive, or that it is resolved.

Everything else there (dead letters, parkings, marks, what cannot be read) is skipped: a dead
letter of a dead letter would come back here, for ever.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from contracts.envelope import Event, Record
from contracts.operator import RedriveRequested, Wished, read_operator_event
from contracts.reading import Reader
from contracts.topics import dead_letter_topic
from services.runtime.arrivals import Wish
from services.runtime.document import Document
from services.runtime.part import Part


def sorted_out(
    batch: Iterable[Record], part: Part, reader: Reader
) -> tuple[list[Event], list[Record]]:
    """The wishes in a batch, and the records of all other topics."""
    own = dead_letter_topic(part.name, part.prefix)
    wishes: list[Event] = []
    others: list[Record] = []
    for record in batch:
        if record.topic != own:
            others.append(record)
        elif (event := read_operator_event(record, reader)) and isinstance(event.data, Wished):
            wishes.append(event)
    return wishes, others


def arrivals_of(
    wishes: Iterable[Event], stored: Mapping[str, Document]
) -> tuple[Mapping[str, Sequence[Wish]], list[Event]]:
    """The wishes by saga, as they arrive at documents; and those that nobody grants: of a saga
    that is not stored here, or that belongs to another tenant."""
    arrivals: dict[str, list[Wish]] = defaultdict(list)
    ignored: list[Event] = []
    for wish in wishes:
        saga = wish.context.saga_id
        known = stored.get(saga)
        if known is None or known.context.tenant_id != wish.context.tenant_id:
            ignored.append(wish)
        else:
            is_redrive = isinstance(wish.data, RedriveRequested)
            arrivals[saga].append(Wish("redrive" if is_redrive else "resolve"))
    return arrivals, ignored
