"""Reads the dead letter topics to their end."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.envelope import Record
from contracts.participants import participants
from contracts.reading import Reader
from contracts.topics import dead_letter_topic
from saga_state.building import Span
from saga_state.document import Saga
from services.evidence.log_reading import read, spans_of
from services.letters.letter import Letter, letters_in, with_sagas

MOST_AT_ONCE = 1000
ReadSagas = Callable[[Sequence[str]], Awaitable[Mapping[str, Saga]]]


def letter_topics(prefix: str) -> set[str]:
    """The dead letter topics of all that read."""
    return {dead_letter_topic(one.name, prefix) for one in participants()}


async def records_of(
    consumer: AIOKafkaConsumer,
    partitions: Sequence[TopicPartition],
    most: int | None = None,
    keep: Callable[[Record], Record] = lambda record: record,
) -> list[Record]:
    """All that stands there; of each partition at most the last so many, of each record what is to
    be kept. TimeoutError."""
    spans = [_latest(one, most) for one in await spans_of(consumer, partitions)]
    return [keep(one) for span in spans async for some in read(consumer, span) for one in some]


async def letters_among(
    records: Sequence[Record], reader: Reader, read_sagas: ReadSagas
) -> list[Letter]:
    """The letters, the oldest first; of parked steps the projection knows whether they went on."""
    letters = letters_in(records, reader)
    wanted = sorted({one.saga_id for one in letters if one.parked and one.now == "open"})
    for first in range(0, len(wanted), MOST_AT_ONCE):
        letters = with_sagas(letters, await read_sagas(wanted[first : first + MOST_AT_ONCE]))
    return sorted(letters, key=lambda one: (one.at, one.place))


def _latest(span: Span, most: int | None) -> Span:
    return span if most is None else replace(span, begin=max(span.begin, span.end - most))
