"""Which sagas a replay is about: chosen by some of their records, then read with all of them."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer

from contracts.envelope import Event, Record
from contracts.events import event_names
from contracts.reading import Reader
from contracts.topics import event_topic
from saga_state.building import Span
from saga_state.hearing import events_in, topics_heard
from services.cli.errors import NO, USAGE, CliError
from services.cli.events_wanted import ids_of
from services.cli.options import one_of
from services.cli.progress import Bar
from services.cli.replay.recorded import START
from services.cli.times import time_of_day
from services.cli.topic_logs import open_logs
from services.evidence.log_reading import read, spans_of
from services.runtime.settings import Settings

_PLACE = re.compile(r"(\S+)/([0-9]{1,6})/([0-9]{1,18})(?:-([0-9]{1,18}))?")


@dataclass(frozen=True, slots=True)
class Place:
    """Records of a partition, from the first offset to the last."""

    topic: str
    partition: int
    first: int
    last: int

    def holds(self, record: Record) -> bool:
        here = (record.topic, record.partition) == (self.topic, self.partition)
        return here and self.first <= record.offset <= self.last


@dataclass(frozen=True, slots=True)
class Wanted:
    """Records of which the sagas are wanted. Times: since <= time < before; of the other fields
    each narrows, and any of several values does. Without any of them: every start."""

    tenant: str = "default"
    since: datetime | None = None
    before: datetime | None = None
    sagas: Sequence[str] = ()
    types: Sequence[str] = ()
    ids: Sequence[str] = ()
    places: Sequence[Place] = ()
    limit: int = 10_000

    def __call__(self, event: Event) -> bool:
        context = event.context
        return (
            context.tenant_id == self.tenant
            and (self.since is None or self.since <= event.time)
            and (self.before is None or event.time < self.before)
            and (not self.types or event.name in self.types)
            and (not self.ids or event.event_id in self.ids)
            and (not self.sagas or bool({*self.sagas} & ids_of(context)))
            and (not self.places or any(place.holds(event.record) for place in self.places))
        )

    @property
    def chooses_by_start(self) -> bool:
        """Whether the starts alone tell which sagas are wanted."""
        return not (self.types or self.ids or self.places or self.sagas)

    def check(self) -> None:
        """CliError (2) names a type that there is not."""
        for name in self.types:
            one_of("--type", name, event_names())


@dataclass(slots=True)
class Chosen:
    """All records of the sagas that were chosen, and how many sagas more there were."""

    sagas: dict[str, list[Record]]
    left_out: int = 0

    def keep(self, events: Iterable[Event], tenant: str) -> None:
        """The records of these sagas; another tenant may have a saga of the same id."""
        for event in events:
            records = self.sagas.get(event.context.saga_id)
            if records is not None and event.context.tenant_id == tenant:
                records.append(event.record)


def place_of(text: str) -> Place:
    """`TOPIC/PARTITION/OFFSET`, or `.../OFFSET-OFFSET`. CliError (2)."""
    match = _PLACE.fullmatch(text)
    if match is None or (match[4] and int(match[4]) < int(match[3])):
        raise CliError(f"--offset {text}: write TOPIC/PARTITION/OFFSET or .../FIRST-LAST", USAGE)
    return Place(match[1], int(match[2]), int(match[3]), int(match[4] or match[3]))


async def choose(settings: Settings, wanted: Wanted) -> Chosen:
    """The sagas that are wanted, with all their records that the topics still have.

    CliError: 1 none, or what was named is not there; 2 a place that no topic has.
    """
    async with open_logs(settings, topics_heard(settings.prefix)) as logs:
        consumer = logs.consumer
        with Bar() as bar:
            spans = await spans_of(consumer, logs.partitions)
            check_places(wanted.places, spans)
            await _check_since(consumer, wanted.since, spans)
            ids = await _ids(consumer, settings, spans, wanted, bar)
            _check_found(wanted, ids)
            chosen = Chosen({id_: [] for id_ in ids[: wanted.limit]}, len(ids[wanted.limit :]))
            await _read_all(consumer, settings, spans, wanted.tenant, chosen, bar)
    return chosen


def choose_among(sagas: Mapping[str, Sequence[Record]], wanted: Wanted, reader: Reader) -> Chosen:
    """The same of records that are at hand already."""
    one = replace(wanted, types=wanted.types or ((START,) if wanted.chooses_by_start else ()))
    ids = [id_ for id_, some in sagas.items() if any(map(one, events_in(some, reader)))]
    _check_found(wanted, ids)
    chosen = Chosen({id_: [] for id_ in ids[: wanted.limit]}, len(ids[wanted.limit :]))
    for id_ in chosen.sagas:
        chosen.keep(events_in(sagas[id_], reader), wanted.tenant)
    return chosen


async def _ids(
    consumer: AIOKafkaConsumer, settings: Settings, spans: Sequence[Span], wanted: Wanted, bar: Bar
) -> list[str]:
    """Of the sagas that are wanted, in the order in which they were found."""
    starts, reader = event_topic(START, settings.prefix), settings.reader()
    some = [one for one in spans if not wanted.chooses_by_start or one.topic == starts]
    found: dict[str, None] = {}
    async for records in records_in(consumer, some, "choosing", bar):
        for event in events_in(records, reader):
            if wanted(event):
                found[event.context.saga_id] = None
    return [*found]


async def _read_all(
    consumer: AIOKafkaConsumer,
    settings: Settings,
    spans: Sequence[Span],
    tenant: str,
    chosen: Chosen,
    bar: Bar,
) -> None:
    starts, reader = event_topic(START, settings.prefix), settings.reader()
    async for records in records_in(consumer, spans, "reading", bar):
        mine = [one for one in records if one.topic == starts or _may_be_of(chosen, one)]
        chosen.keep(events_in(mine, reader), tenant)


async def records_in(
    consumer: AIOKafkaConsumer, spans: Sequence[Span], what: str, bar: Bar
) -> AsyncIterator[Sequence[Record]]:
    """All of them, span by span; the bar shows how far it is with `what`."""
    done = 0
    bar.begin(what, done, sum(span.end - span.begin for span in spans))
    for span in spans:
        async for records in read(consumer, span):
            yield records
            done += len(records)
            bar.tell(done)


def _may_be_of(chosen: Chosen, record: Record) -> bool:
    """A look at one header, before the whole record is read; in structured mode there is none."""
    told = next((text for name, text in record.headers if name.lower() == "ce_sagaid"), None)
    return told is None or told.decode(errors="replace") in chosen.sagas


def check_places(places: Iterable[Place], spans: Sequence[Span]) -> None:
    """CliError: 2 a place of no log, 1 one that its log does not have (any more)."""
    known = {(span.topic, span.partition): span for span in spans}
    for one in places:
        span = known.get((one.topic, one.partition))
        if span is None:
            raise CliError(f"--offset {one.topic}/{one.partition}: there is no such log", USAGE)
        if (why := _why_not_there(one, span)) is not None:
            raise CliError(f"--offset {one.topic}/{one.partition}/{one.first}: the log {why}", NO)


def _why_not_there(place: Place, span: Span) -> str | None:
    if span.begin == span.end:
        return "is empty"
    if place.first >= span.end:
        return f"ends at {span.end - 1}"
    return f"begins at {span.begin}: older ones have left" if place.last < span.begin else None


async def _check_since(
    consumer: AIOKafkaConsumer, since: datetime | None, spans: Sequence[Span]
) -> None:
    """Of a log that begins later than asked for nobody knows what it would have told."""
    for span in spans if since else ():
        if span.begin == 0 or span.begin == span.end:
            continue
        async for records in read(consumer, span, most=1):
            oldest = datetime.fromtimestamp(records[0].timestamp_ms / 1000, UTC)
            if since and oldest > since:
                line = f"--since {time_of_day(since)}: records of {span.topic} from before"
                raise CliError(f"{line} {time_of_day(oldest)} have left it; ask from then on")
            break


def _check_found(wanted: Wanted, chosen: Iterable[str]) -> None:
    if not [*chosen]:
        named = ", ".join([*wanted.sagas, *wanted.ids])
        line = f"nothing on the topics is of {named}" if named else "no record matches"
        raise CliError(f"{line} (in tenant {wanted.tenant!r}): did it leave the topics?")
