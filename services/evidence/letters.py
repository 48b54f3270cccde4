"""Finds the dead letters of events that steps wait for, on the topics of those steps."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from contracts.operator import DEAD_LETTER_ID
from contracts.topics import dead_letter_topic
from saga_state.why.facts import Letter
from saga_state.why.place import Trigger
from services.runtime.kafka_access import client_options
from services.runtime.kafka_places import first_since
from services.runtime.record_batches import tolerate_header_names
from services.runtime.settings import Settings

MARK = "dlq_mark"
BEFORE = timedelta(minutes=10)  # so much the clocks of two machines may differ
Waits = Mapping[str, Trigger]  # by saga what its step waits for
Headers = Mapping[str, str]


async def letters_for(settings: Settings, step: str, waits: Waits) -> dict[str, Letter]:
    """By saga the last dead letter of its event. It must be known that the topic is there."""
    tolerate_header_names()
    consumer = AIOKafkaConsumer(
        **client_options(settings), enable_auto_commit=False, fetch_max_wait_ms=20
    )
    await consumer.start()
    try:
        since = min(one.at for one in waits.values()) - BEFORE
        topic = dead_letter_topic(step, settings.prefix)
        records = await _records(consumer, topic, round(since.timestamp() * 1000))
    finally:
        await consumer.stop()
    return letters_in(records, waits)


def letters_in(records: Iterable[ConsumerRecord], waits: Waits) -> dict[str, Letter]:
    """The same of records that were read: copies by their coordinates, or by saga and event, as a
    record that was redriven stands somewhere else; then the marks of persons."""
    found: dict[str, Letter] = {}
    sagas = {str(trigger): saga for saga, trigger in waits.items()}
    for record in records:
        came, told = _headers(record)
        if MARK in told and "dlq_error_class" not in told:
            _mark(found, told)
            continue
        place = "/".join(told.get(f"dlq_{part}", "") for part in ("topic", "partition", "offset"))
        saga = sagas.get(place) or _saga_of(came, waits)
        if saga is not None and "dlq_error_class" in told:
            found[saga] = _letter(record, told)
    return found


def _saga_of(came: Headers, waits: Waits) -> str | None:
    saga = came.get("ce_sagaid", "")
    wanted = waits.get(saga)
    is_it = wanted is not None and f".{wanted.event}.v" in came.get("ce_type", "")
    return saga if is_it else None


def _letter(record: ConsumerRecord, told: Headers) -> Letter:
    place = f"{record.topic}/{record.partition}/{record.offset}"
    return Letter(told[DEAD_LETTER_ID], place, told["dlq_error_class"], told.get("dlq_error", ""))


def _mark(found: dict[str, Letter], told: Headers) -> None:
    for saga, letter in found.items():
        if letter.id == told[DEAD_LETTER_ID]:
            found[saga] = Letter(
                letter.id, letter.place, letter.error_class, letter.error, told[MARK]
            )


def _headers(record: ConsumerRecord) -> tuple[Headers, Headers]:
    """Those that the record came with, and those that were added: from the last `dlq_id` on."""
    names = [name for name, _ in record.headers]
    if DEAD_LETTER_ID not in names:
        return _texts(record.headers), {}
    at = len(names) - 1 - names[::-1].index(DEAD_LETTER_ID)
    return _texts(record.headers[:at]), _texts(record.headers[at:])


def _texts(headers: Sequence[tuple[str, bytes | None]]) -> Headers:
    return {name: (value or b"").decode(errors="replace") for name, value in headers}


async def _records(consumer: AIOKafkaConsumer, topic: str, since_ms: int) -> list[ConsumerRecord]:
    """Who waits for it bounds the time."""
    await consumer._client.add_topic(topic)
    numbers = consumer.partitions_for_topic(topic) or ()
    places = [TopicPartition(topic, number) for number in sorted(numbers)]
    ends = await consumer.end_offsets(places)
    first = await first_since(consumer, places, since_ms)
    open_ = {one: offset for one, offset in first.items() if offset < ends[one]}
    if not open_:
        return []
    consumer.assign(list(open_))
    for one, offset in open_.items():
        consumer.seek(one, offset)
    records: list[ConsumerRecord] = []
    while any([await consumer.position(one) < ends[one] for one in open_]):
        found = await consumer.getmany(timeout_ms=200)
        records += [one for some in found.values() for one in some]
        await asyncio.sleep(0)
    return sorted(records, key=lambda one: (one.timestamp, one.partition, one.offset))
