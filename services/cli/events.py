"""`onboarding events`: events as they stand on the topics; the projection is not asked."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from contracts.envelope import Event, Record
from contracts.masking import masked_data
from contracts.poison import PoisonError
from contracts.reading import Reader
from contracts.topics import event_topic
from saga_state.document import StoredEvent
from saga_state.event_words import said_by, words_of
from saga_state.records import stored_form
from saga_state.shown import event_json
from services.cli.errors import NO, USAGE, CliError
from services.cli.event_logs import read_on, read_up_to, seek, seek_to_ends
from services.cli.events_wanted import EventsWanted
from services.cli.options import Output
from services.cli.printing import console, counted, note, quiet, write_lines
from services.cli.running_stack import Found, find_stack
from services.cli.topic_logs import Logs, open_logs
from services.cli.until_stopped import follow
from services.letters.masking import masked_key


def show_events(
    data: Path | None, wanted: EventsWanted, follows: bool, with_data: bool, output: Output
) -> None:
    """Up to the ends of the logs, or until Ctrl-C. CliError (1) if Kafka does not answer, or has
    nothing of an id."""
    if output is Output.JSON:
        raise CliError("events are written as they are read, an object per line: -o jsonl", USAGE)
    wanted.check()
    follow(_show(find_stack(data, ("kafka",)), wanted, follows, with_data, output))


async def _show(
    found: Found, wanted: EventsWanted, follows: bool, with_data: bool, output: Output
) -> None:
    quiet()
    reader, shown, unreadable = found.settings.reader(), 0, 0
    topics = [event_topic(name, found.settings.prefix) for name in wanted.names]
    async with open_logs(found.settings, topics) as logs:
        if not logs.partitions:
            raise CliError("the event topics are not there: `onboarding topics create`")
        async for record in _records(logs, wanted.since, follows):
            event = _read(reader, record)
            unreadable += event is None
            if event is not None and wanted(event):
                shown += 1
                _tell(event, with_data, output)
    if unreadable:
        what = counted(
            unreadable, "record that cannot be read is", "records that cannot be read are"
        )
        note(f"{what} left out: `onboarding dlq list` has those that were heard")
    if not shown:
        _tell_none(wanted)


def _tell_none(wanted: EventsWanted) -> None:
    """CliError (1) if it is an id of which nothing was found: it may be misspelt."""
    if (named := wanted.lone_id) is not None:
        raise CliError(f"no event of {named!r} on the topics", NO)
    note("no event matches")


async def _records(logs: Logs, since: datetime | None, follows: bool) -> AsyncIterator[Record]:
    """All there is (since then); following, what comes too, or that alone if no time is named."""
    if follows and since is None:
        await seek_to_ends(logs)
    else:
        async for record in read_up_to(logs, await seek(logs, since)):
            yield record
    if follows:
        async for record in read_on(logs):
            yield record


def _read(reader: Reader, record: Record) -> Event | None:
    try:
        return reader.read(record)
    except PoisonError:
        return None


def event_row(event: Event, with_data: bool) -> dict[str, Any]:
    """As `timeline -o jsonl` has it, with whose it is; `data` and a key of the producer's own are
    masked unless they are asked for. `recorded_at`: when the broker had it."""
    told, context = _stored(event), event.context
    data = event.body if with_data else masked_data(event.name, event.body)
    key = told["key"] if with_data else masked_key(event.record.key)
    ids = {"partner_id": context.partner_id, "correlation_id": context.correlation_id}
    return {**event_json(told, False), **ids, "journey": context.journey_label} | {
        "key": key,
        "data": data,
    }


def event_line(event: Event) -> Text:
    """When, of which saga, by whom, what, in a few words."""
    told = _stored(event)
    line = Text(f"{event.time.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z  {event.context.saga_id}  ")
    line.append(f"{said_by(told):<15} ", style="bold")
    return line.append(f"{event.name:<29} {words_of(told)}".rstrip())


def _tell(event: Event, with_data: bool, output: Output) -> None:
    if output is Output.TABLE:
        console().print(event_line(event), soft_wrap=True)
    else:
        write_lines([event_row(event, with_data)])


def _stored(event: Event) -> StoredEvent:
    return stored_form(event, datetime.fromtimestamp(event.record.timestamp_ms / 1000, UTC))
