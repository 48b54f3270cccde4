"""What is said on the dead letter topics besides dead letters: parkings, and wishes of persons.

These are CloudEvents in the same form as the ten events, on `onboarding.<step>.dlq`. The service
hears the wishes, saga_state hears all of them (docs/protocol.md, "Parked").
"""

from dataclasses import replace
from typing import Literal

from pydantic import Field

from contracts.attributes import attributes_and_data
from contracts.envelope import Event, Headers, Record, source_of, type_of
from contracts.events import EventData, events_of
from contracts.poison import PoisonError
from contracts.reading import Reader
from contracts.topics import dead_letter_topic, event_topic

DEAD_LETTER_ID = "dlq_id"  # the header that each copy of a record has, and each mark of one


class StepParked(EventData):
    """A step (or its undo) met a bug, or its time to undo was over: it waits for a person."""

    step: str
    state: Literal["parked", "undo_parked"] = Field(
        description="undo_parked: what the step did may be in force until a person acts."
    )
    where: str = Field(description="The kind of error and its place in the code, without its text.")
    attempts: int = Field(ge=0, description="Tries since it was taken or redriven.")


class RedriveRequested(EventData):
    """A person gives a parked step, or its parked undo, new attempts."""

    step: str
    reason: str
    requested_by: str


class ResolveRequested(EventData):
    """A person undid by hand what a step could not undo."""

    step: str
    reason: str
    requested_by: str


Wished = RedriveRequested | ResolveRequested
OPERATOR_EVENTS = events_of(StepParked, RedriveRequested, ResolveRequested)


def came_and_told(headers: Headers) -> tuple[Headers, Headers]:
    """Of a dead letter the headers that its record came with, and those that were added: from the
    last `dlq_id` on, as the record may have come with one of its own."""
    names = [name for name, _ in headers]
    last = (at for at in reversed(range(len(names))) if names[at] == DEAD_LETTER_ID)
    at = next(last, len(names))
    return headers[:at], headers[at:]


def read_operator_event(record: Record, reader: Reader) -> Event | None:
    """The event in a record of a dead letter topic.

    None for all else that stands there: copies of records, marks of persons, and what cannot be
    read. It is never set aside a second time: that copy would come back here, for ever. Nobody
    but the step says that it is parked, and each step is spoken of on its own topic (W4).
    """
    if any(name == DEAD_LETTER_ID for name, _ in record.headers):
        return None
    try:
        event = _read(record, reader)
    except PoisonError:
        return None
    if event is None or record.topic != dead_letter_topic(_step_of(event), reader.prefix):
        return None
    if isinstance(event.data, StepParked) and event.source != source_of(event.data.step):
        return None
    return event


def _read(record: Record, reader: Reader) -> Event | None:
    """As any event: the reader wants it on a topic of its type's name, which these do not have."""
    wanted = attributes_and_data(record)[0].get("type")
    model = next((one for one in OPERATOR_EVENTS.values() if type_of(one) == wanted), None)
    if model is None:
        return None
    as_if = replace(record, topic=event_topic(model.__name__, reader.prefix))
    event = replace(reader, events=OPERATOR_EVENTS).read(as_if)
    return replace(event, record=record)


def _step_of(event: Event) -> str:
    assert isinstance(event.data, StepParked | RedriveRequested | ResolveRequested)
    return event.data.step
