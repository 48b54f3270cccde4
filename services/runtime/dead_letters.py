"""Dead letters: a copy of a record that could not be read or finished, with its coordinates."""

from dataclasses import dataclass

from contracts import ids
from contracts.envelope import Headers, Message, Record
from contracts.poison import PoisonError
from contracts.topics import dead_letter_topic

PREFIX = "dlq_"
COPY_MAX_BYTES = 1_200_000  # dead letter topics and our producer take 1.25 MiB


@dataclass(frozen=True, slots=True)
class Poisoned:
    """A record that could not be read, or that contradicts what is recorded."""

    record: Record
    error: PoisonError

    def letter(self, service: str, prefix: str) -> Message:
        """Its copy for the dead letter topic of the service."""
        return dead_letter(self.record, service, self.error, prefix)


def dead_letter(
    record: Record, service: str, error: PoisonError, prefix: str = "", attempts: int = 1
) -> Message:
    """The record with key, value and headers untouched, plus headers that say where and why.

    Of a record too large to be copied the value is left out, then its headers, then its key;
    `dlq_<part>_left_out` gives the size. All of it stays readable at its coordinates.
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
    key, value, copied = record.key, record.value, tuple(record.headers)
    if value and _size(key, value, copied) > COPY_MAX_BYTES:
        told["value_left_out"], value = str(len(value)), None
    if copied and _size(key, value, copied) > COPY_MAX_BYTES:
        told["headers_left_out"], copied = str(_size(None, None, copied)), ()
    if key and _size(key, value, copied) > COPY_MAX_BYTES:
        told["key_left_out"], key = str(len(key)), None
    headers = (*copied, *((PREFIX + name, text.encode()) for name, text in told.items()))
    return Message(event_id, dead_letter_topic(service, prefix), key, value, headers)


def _size(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    """At least what the record takes in a request: a header has two lengths besides."""
    lengths = [len(name.encode()) + len(text or b"") + 10 for name, text in headers]
    return len(key or b"") + len(value or b"") + sum(lengths)
