"""What a worker of the world in memory has still to hear, and what it is to it."""

from collections.abc import Sequence

from contracts.envelope import Event, Message, Record
from contracts.operator import read_operator_event
from contracts.poison import PoisonError
from contracts.topics import dead_letter_topic
from services.cli.replay.recorded_answers import store_of
from services.runtime.protocol import AT_OR_AFTER, row_of
from services.runtime.world import Worker, World

UNDOING = ("undo, my turn", AT_OR_AFTER)


def event_in(world: World, record: Record) -> Event | None:
    """None: it cannot be read (any more)."""
    if record.topic in {dead_letter_topic(name) for name in world.workers}:
        return read_operator_event(record, world.reader)
    try:
        return world.reader.read(record)
    except PoisonError:  # of a start that today's reader refuses
        return None


def unread(world: World, worker: Worker) -> Sequence[Record]:
    """The first of each partition that it has not read."""
    found = []
    for topic in worker.topics:
        for number, records in enumerate(world.log.topics[topic]):
            at = worker.positions.get((topic, number), 0)
            found += records[at : at + 1]
    return found


def row_for(worker: Worker, event: Event) -> str | None:
    """The row of the protocol's table that it is to this worker."""
    part = worker.delivery.part
    journey = part.journey_of(event.context)
    try:
        return row_of(event, part, journey) if journey else None
    except PoisonError:
        return None


def name_of(worker: Worker) -> str:
    """Of its step."""
    return worker.delivery.part.name


def would_speak(worker: Worker, event: Event, row: str) -> bool:
    """Whether an undo that arrives now ends in its word."""
    journey = worker.delivery.part.journey_of(event.context)
    if row != AT_OR_AFTER or (journey and journey.before(name_of(worker)) is None):
        return True
    document = store_of(worker).documents.get(event.context.saga_id)
    return document is not None and document.state in ("pending", "done", "parked")


def message_of(event: Event) -> Message:
    """As it came, without what stands before the names of its system's topics."""
    record = event.record
    topic = record.topic[record.topic.index("onboarding.") :]
    return Message(event.event_id, topic, record.key, record.value, record.headers)
