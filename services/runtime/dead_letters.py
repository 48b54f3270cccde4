"""Dead letters: a copy of a record that could not be read or finished, with its coordinates."""

from contracts import ids
from contracts.envelope import Message, Record
from contracts.poison import PoisonError
from contracts.topics import dead_letter_topic

PREFIX = "dlq_"
COPY_MAX_BYTES = 1_200_000  # dead letter topics and our producer take 1.25 MiB


def dead_letter(
    record: Record, service: str, error: PoisonError, prefix: str = "", attempts: int = 1
) -> Message:
    """The record with key, value and headers untouched, plus headers that say where and why.

    A record too large to be copied keeps its headers; `dlq_value_left_out` gives the size of the
    value, which stays readable at its coordinates.
    """
    event_id = ids.dead_letter_id(record.topic, record.partition, record.offset)
    told = {
        "id": event_id,
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "time": str(record.timestamp_ms),
        "service": service,
        "error_class": error.error_class,
        "error": str(error),
        "attempts": str(attempts),
    }
    value = record.value
    if value is not None and len(value) > COPY_MAX_BYTES - _size_of_headers(record):
        told["value_left_out"] = str(len(value))
        value = None
    headers = (*record.headers, *((PREFIX + name, text.encode()) for name, text in told.items()))
    return Message(event_id, dead_letter_topic(service, prefix), record.key, value, headers)


def _size_of_headers(record: Record) -> int:
    return sum(len(name) + len(value or b"") for name, value in record.headers)
