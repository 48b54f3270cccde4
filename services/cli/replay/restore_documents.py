"""Step documents as the topics tell them: of sagas that went on after a backup was taken.

What a step said is on the topics, also where its document was lost. Each of these sagas is
rehearsed (rehearsal.py); a document is taken from there if it says just what the step is recorded
to have said, and then says it in the recorded bytes. All else is left as the backup has it, to be
done anew from the topics.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from contracts.envelope import Event, Message, Record, source_of
from saga_state.building import Span
from saga_state.hearing import events_in, topics_heard
from services.cli.errors import CliError
from services.cli.progress import Bar
from services.cli.replay.choosing import records_in
from services.cli.replay.recorded import Recorded, recorded
from services.cli.replay.rehearsal import rehearse
from services.cli.topic_logs import open_logs
from services.evidence.log_reading import spans_of
from services.runtime.document import Document, Trigger
from services.runtime.settings import Settings
from services.runtime.step import StepService
from services.runtime.watching import Offsets

MOST_SAGAS = 200_000
Documents = Mapping[str, Sequence[Document]]  # by step


@dataclass
class Told:
    """By step the documents that the topics tell, and of how many sagas they tell it not."""

    documents: dict[str, list[Document]] = field(default_factory=lambda: defaultdict(list))
    untold: Counter[str] = field(default_factory=Counter)


async def recorded_since(settings: Settings, first: Offsets, bar: Bar) -> list[Recorded]:
    """The sagas that have a record at or behind these places, each with all its records."""
    reader = settings.reader()
    async with open_logs(settings, topics_heard(settings.prefix)) as logs:
        spans = await spans_of(logs.consumer, logs.partitions)
        sagas: dict[str, list[Event]] = {}
        later = [_behind(first, one) for one in spans]
        async for records in records_in(logs.consumer, later, "choosing", bar):
            for event in events_in(records, reader):
                sagas.setdefault(event.context.saga_id, [])
            _refuse_too_many(sagas)
        async for records in records_in(logs.consumer, spans, "reading", bar):
            for event in events_in(records, reader):
                if (events := sagas.get(event.context.saga_id)) is not None:
                    events.append(event)
    return [recorded(saga_id, _of_one_tenant(events)) for saga_id, events in sagas.items()]


async def told_of(
    sagas: Sequence[Recorded], steps: Sequence[StepService], known: Settings, bar: Bar
) -> Told:
    """The documents of all of them. No event tells whether a step asked an outside system: it did
    if the settings name one."""
    told, rules = Told(), {one.name: known.rules_of(one.name, one.rules) for one in steps}
    bar.begin("rehearsing", 0, len(sagas))
    for number, saga in enumerate(sagas, 1):
        played = (await rehearse(saga, steps, rules)).documents if saga.start else {}
        for step in (one.name for one in steps):
            spoken, document = _spoken(saga, step), played.get(step)
            if document is not None and spoken and _is_told(document, saga, spoken):
                outer = document.outer and known.url_of(step) is not None
                told.documents[step].append(
                    _as_recorded(replace(document, outer=outer), saga, known.prefix)
                )
            elif spoken:
                told.untold[step] += 1
        bar.tell(number)
    return told


def newer(told: Iterable[Document], kept: Mapping[str, Document]) -> Iterator[Document]:
    """Those that have said more than what is kept, in its place. What holds nothing comes first:
    it may give free what another holds."""
    for document in sorted(told, key=lambda one: bool(one.holds)):
        before = kept.get(document.context.saga_id)
        if before is None or before.said < document.said:
            yield replace(document, revision=before.revision if before else 0)


def _behind(first: Offsets, span: Span) -> Span:
    at = first.get((span.topic, span.partition), span.end)
    return replace(span, begin=max(span.begin, at))


def _spoken(saga: Recorded, step: str) -> frozenset[str]:
    return frozenset(one.event_id for one in saga.events if one.source == source_of(step))


def _is_told(document: Document, saga: Recorded, spoken: frozenset[str]) -> bool:
    """An outbox keeps the last of what was said; how much it was in all is counted."""
    heard = document.trigger is None or document.trigger.event_id in saga.ids
    last = {message.event_id for message in document.outbox}
    return heard and last <= spoken and document.said == len(spoken)


def _as_recorded(document: Document, saga: Recorded, prefix: str) -> Document:
    """In the bytes in which it was said, and at the places of the real logs."""
    events = {event.event_id: event for event in saga.events}
    outbox = tuple(_message(events[one.event_id].record, one) for one in document.outbox)
    trigger = Trigger.of(events[document.trigger.event_id]) if document.trigger else None
    plan = tuple(replace(one, topic=f"{prefix}{one.topic}") for one in document.plan)
    return replace(document, outbox=outbox, trigger=trigger, plan=plan, sent=document.said)


def _message(record: Record, said: Message) -> Message:
    return Message(said.event_id, record.topic, record.key, record.value, tuple(record.headers))


def _of_one_tenant(events: Sequence[Event]) -> Iterator[Event]:
    """Another tenant may have a saga of the same id: of whom the first event is, it is."""
    tenants = {one.context.tenant_id for one in events[:1]}
    return (one for one in events if one.context.tenant_id in tenants)


def _refuse_too_many(sagas: Mapping[str, object]) -> None:
    if len(sagas) > MOST_SAGAS:
        line = f"more than {MOST_SAGAS:,} sagas went on since then"
        raise CliError(f"{line}: give a later time, which a younger backup allows")
