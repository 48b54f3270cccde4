"""Finds the dead letters of events that steps wait for, on the topics of those steps."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from contracts import envelope
from contracts.operator import DEAD_LETTER_ID, came_and_told
from contracts.topics import dead_letter_topic
from saga_state.why.facts import Letter
from saga_state.why.place import Trigger
from services.runtime.kafka_reading import first_since, partitions_of
from services.runtime.reading import reading
from services.runtime.settings import Settings

MARK = "dlq_mark"
BEFORE = timedelta(minutes=10)  # so much the clocks of two machines may differ
Waits = Mapping[str, Trigger]  # by saga what its step waits for
Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Copy:
    """A record of a dead letter topic, without its value. `came`: the headers that it came with;
    `told`: those that were added."""

    place: str
    at: tuple[int, int, int]  # time, partition, offset
    came: Headers
    told: Headers

    @property
    def is_mark(self) -> bool:
        return MARK in self.told and "dlq_error_class" not in self.told

    @property
    def of(self) -> str:
        """Where the record stood that it is a copy of."""
        return "/".join(self.told.get(f"dlq_{one}", "") for one in ("topic", "partition", "offset"))


async def letters_for(settings: Settings, step: str, waits: Waits) -> dict[str, Letter]:
    """By saga the last dead letter of its event. It must be known that the topic is there."""
    since = min(one.at for one in waits.values()) - BEFORE
    topic = dead_letter_topic(step, settings.prefix)
    async with reading(settings) as consumer:
        copies = await _copies(consumer, topic, round(since.timestamp() * 1000), waits)
    return letters_in(copies, waits)


def letters_in(copies: Iterable[Copy], waits: Waits) -> dict[str, Letter]:
    """The same of what was read: by the record's coordinates, or by saga and event, as one that
    was redriven stands somewhere else; then the marks of persons."""
    found: dict[str, Letter] = {}
    for copy in sorted(copies, key=lambda one: one.at):
        if copy.is_mark:
            _mark(found, copy.told)
        elif (saga := _saga_of(copy, waits)) is not None:
            found[saga] = _letter(copy)
    return found


def copy_of(record: ConsumerRecord) -> Copy:
    """What is kept of a record."""
    place = f"{record.topic}/{record.partition}/{record.offset}"
    came, told = came_and_told(tuple(record.headers))
    at = (record.timestamp, record.partition, record.offset)
    return Copy(place, at, _texts(came), _texts(told))


def _saga_of(copy: Copy, waits: Waits) -> str | None:
    """A record that says that it is of a saga is only believed if it says so for its tenant."""
    if "dlq_error_class" not in copy.told:
        return None
    if (saga := next((id_ for id_, one in waits.items() if str(one) == copy.of), None)) is not None:
        return saga
    saga, tenant = copy.came.get("ce_sagaid", ""), copy.came.get("ce_tenantid", "default")
    wanted = waits.get(saga)
    is_it = wanted is not None and f".{wanted.event}.v" in copy.came.get("ce_type", "")
    return saga if is_it and wanted is not None and tenant == wanted.tenant_id else None


def _letter(copy: Copy) -> Letter:
    told = copy.told
    return Letter(
        told[DEAD_LETTER_ID], copy.place, told["dlq_error_class"], told.get("dlq_error", "")
    )


def _mark(found: dict[str, Letter], told: Headers) -> None:
    for saga, letter in found.items():
        if letter.id == told[DEAD_LETTER_ID]:
            found[saga] = Letter(
                letter.id, letter.place, letter.error_class, letter.error, told[MARK]
            )


def _texts(headers: envelope.Headers) -> Headers:
    return {name: (value or b"").decode(errors="replace") for name, value in headers}


async def _copies(
    consumer: AIOKafkaConsumer, topic: str, since_ms: int, waits: Waits
) -> list[Copy]:
    """Those that may be of interest. Who waits for it bounds the time; no value is kept."""
    places = await partitions_of(consumer, topic)
    ends = await consumer.end_offsets(places)
    first = await first_since(consumer, places, since_ms)
    open_ = {one: offset for one, offset in first.items() if offset < ends[one]}
    if not open_:
        return []
    consumer.assign(list(open_))
    for one, offset in open_.items():
        consumer.seek(one, offset)
    copies: list[Copy] = []
    while any([await consumer.position(one) < ends[one] for one in open_]):
        found = await consumer.getmany(timeout_ms=200)
        fresh = (copy_of(one) for some in found.values() for one in some)
        copies += [one for one in fresh if one.is_mark or _saga_of(one, waits) is not None]
        await asyncio.sleep(0)
    return copies
