"""What the projection hears: every event, and what is said of parked steps."""

from collections.abc import Iterable, Iterator

from contracts.envelope import Event, Record
from contracts.events import event_names
from contracts.journey import JOURNEYS, Journeys
from contracts.operator import read_operator_event
from contracts.poison import PoisonError
from contracts.reading import Reader
from contracts.topics import dead_letter_topic, event_topic

SERVICE = "saga-state"


def topics_heard(prefix: str = "", journeys: Journeys = JOURNEYS) -> list[str]:
    """All event topics, then all dead letter topics."""
    events = [event_topic(name, prefix) for name in event_names()]
    return [*events, *dead_letter_topics(prefix, journeys)]


def dead_letter_topics(prefix: str = "", journeys: Journeys = JOURNEYS) -> list[str]:
    """Of every service, its own too: parkings and the wishes of persons are said there."""
    steps = dict.fromkeys(name for journey in journeys.values() for name in journey.step_names)
    return [dead_letter_topic(name, prefix) for name in (*steps, SERVICE)]


def events_in(records: Iterable[Record], reader: Reader) -> Iterator[Event]:
    """The events among records that were heard before; all else was set aside then."""
    letters = frozenset(dead_letter_topics(reader.prefix, reader.journeys))
    for record in records:
        try:
            told = record.topic in letters
            event = read_operator_event(record, reader) if told else reader.read(record)
        except PoisonError:
            continue
        if event is not None:
            yield event
