"""`onboarding replay publish`: the records of an export, sent to the topics of a system once more.

They have their old ids, so that a step which knows them says the same again and no more. What was
sent is noted after each chunk; the same command then goes on, and at worst sends one chunk twice.
"""

import asyncio
import hashlib
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import typer
from rich.text import Text

from contracts.envelope import Event, Headers, Message, Record
from contracts.events import CompensationRequested, event_names
from contracts.topics import event_topic
from saga_state.hearing import events_in
from services.cli.auditing import tell_if_possible
from services.cli.errors import NO, PARTLY, USAGE, CliError
from services.cli.options import Output, one_of
from services.cli.printing import answer_one, counted, note, quiet
from services.cli.progress import Bar
from services.cli.replay.archive import read_archive
from services.cli.replay.sent import Sent
from services.cli.replay.sources import folder_of, is_of_a_step, own_reader, sagas_in, source_of
from services.cli.running_stack import Found, find_stack
from services.cli.sending import Sender, sending
from services.runtime.settings import Settings

REPLAY_ID, REASON, BY = "replay_id", "replay_reason", "replay_by"
_REPLACED = (
    "personal data was replaced, and ids were not: the system that it came from takes each record "
    "for a reused id (ID_REUSED) and sets it aside; to another system send it with --replaced"
)
TRACEPARENT, REPLAYED = "traceparent", "replay_traceparent"
_TRACE = frozenset({TRACEPARENT, "tracestate", REPLAYED, REPLAY_ID, REASON, BY})
CHUNKS_A_SECOND, MOST_AT_ONCE = 5, 500


@dataclass(frozen=True, slots=True)
class Publish:
    """What is sent, why and by whom, so many records a second. `types`: only these events;
    `replaced`: although personal data in them was replaced."""

    source: str
    to_live: bool
    reason: str
    by: str
    rate: int
    types: Sequence[str] = ()
    dry_run: bool = False
    agreed: str | None = None
    again: bool = False
    replaced: bool = False
    output: Output = Output.TABLE


def publish(asked: Publish, data: Path | None) -> None:
    """CliError: 1 not agreed, or sent before; 2 usage, or replaced without saying so; 3 partly
    sent, the same command goes on."""
    for name in asked.types:
        one_of("--type", name, event_names())
    path, found = source_of(asked.source, data), find_stack(data, ("kafka",))
    quiet()
    archive = read_archive(path)
    events = events_to_send(archive.records, path, asked, found.settings)
    messages = [message_of(one.record, found.settings.prefix) for one in events]
    replay_id = replay_id_of(messages, found.settings.kafka)
    told = {**_told(messages, replay_id, asked), "personal_data": archive.personal_data}
    if asked.dry_run:
        _say(told, f"would be sent to {found.settings.kafka}", asked.output)
        note("Kafka was not asked; `onboarding topics check` tells whether it has these topics")
        if archive.replaced:
            note(_REPLACED)
        return
    if archive.replaced and not asked.replaced:
        raise CliError(f"{path}: {_REPLACED}", USAGE)
    sent = Sent(folder_of(data) / f"{replay_id}.sent.json", len(messages), asked.again)
    _agree(asked, found, told, sent.count)
    asyncio.run(_send(messages, events, found, asked, sent))
    _say({**told, "sent": len(messages)}, f"sent to {found.settings.kafka}", asked.output)


def events_to_send(
    records: Sequence[Record], path: Path, asked: Publish, known: Settings
) -> list[Event]:
    """What is to be sent, in the order of the file. A wish of a person that is sent again would be
    granted again: so of dead letter topics nothing, and a request to undo only if it is a step's,
    or named by `types`. CliError (1) if nothing is left."""
    reader = own_reader(known)
    sagas_in(records, reader, path)
    wanted = {event_topic(name) for name in asked.types or event_names()}
    chosen = [
        event
        for event in events_in(records, reader)
        if event.record.topic in wanted and (asked.types or not _is_a_wish(event))
    ]
    if left := len(records) - len(chosen):
        why = "no event, a person's wish, or not of --type"
        note(f"{counted(left, 'record is', 'records are')} left out: {why}")
    if not chosen:
        raise CliError(f"{path}: no record is to be sent")
    return chosen


def message_of(record: Record, prefix: str) -> Message:
    """As it came, without the marks of an earlier replay. Its trace is over: that of the replay
    only links to it (services/runtime/tracing)."""
    kept = [(name, value) for name, value in record.headers if name.lower() not in _TRACE]
    before = [(REPLAYED, value) for name, value in record.headers if name.lower() == TRACEPARENT]
    headers: Headers = (*kept, *before)
    name = f"{record.topic}/{record.partition}/{record.offset}"
    return Message(name, f"{prefix}{record.topic}", record.key, record.value, headers)


def replay_id_of(messages: Sequence[Message], kafka: str) -> str:
    """The same for the same records and the same brokers: so a broken off replay is known again."""
    digest = hashlib.sha256(kafka.encode())
    for one in messages:
        digest.update(repr((one.topic, one.key, one.value, one.headers)).encode())
    return str(uuid5(NAMESPACE_OID, digest.hexdigest()))


def marked(message: Message, replay_id: str, asked: Publish) -> Message:
    """With the headers that say where it comes from."""
    added = {REPLAY_ID: replay_id, REASON: asked.reason, BY: asked.by}
    headers = (*message.headers, *((name, text.encode()) for name, text in added.items()))
    return Message(message.event_id, message.topic, message.key, message.value, headers)


def _is_a_wish(event: Event) -> bool:
    """To undo a saga, which no step asked for."""
    return isinstance(event.data, CompensationRequested) and not is_of_a_step(event)


def _told(messages: Sequence[Message], replay_id: str, asked: Publish) -> dict[str, Any]:
    return {
        "source": asked.source,
        "records": len(messages),
        "topics": dict(Counter(one.topic for one in messages)),
        "rate": asked.rate,
        REPLAY_ID: replay_id,
        "hash": replay_id.replace("-", "")[:12],
        "sent": 0,
    }


def _say(told: dict[str, Any], how: str, output: Output) -> None:
    lines = [f"{count:>8,}  {topic}" for topic, count in told["topics"].items()]
    line = f"{how}: {counted(told['records'], 'record', 'records')}, {told['rate']:,} a second"
    answer_one(told, output, Text("\n".join([*lines, f"{line}, hash {told['hash']}"])))


def _agree(asked: Publish, found: Found, told: dict[str, Any], sent: int) -> None:
    where, made = found.settings.kafka, told["hash"]
    if not asked.to_live:
        line = f"this sends {told['records']:,} records to the live topics of {where}"
        raise CliError(f"{line}: look first with --dry-run, then say --to-live", USAGE)
    if sent >= told["records"]:
        raise CliError(f"all of it was sent before (replay id {told[REPLAY_ID]}): --again", NO)
    if sent:
        note(f"{sent:,} of {told['records']:,} were sent before; this goes on")
    if asked.agreed is not None:
        if asked.agreed != made:
            line = f"now it is {told['records']:,} records with the hash {made}"
            raise CliError(
                f"{line}, not {asked.agreed}: look again with --dry-run; nothing was sent"
            )
        return
    if not sys.stdin.isatty():
        raise CliError(f"{told['records']:,} records, hash {made}: it needs --yes {made}", USAGE)
    note(f"to be sent to {where}: {told['records']:,} records, hash {made}")
    if not typer.confirm("Go on?", err=True):
        raise CliError("nothing was sent")


async def _send(
    messages: Sequence[Message],
    events: Sequence[Event],
    found: Found,
    asked: Publish,
    sent: Sent,
) -> None:
    """Those that were not sent before."""
    async with sending(found.settings) as sender:
        await _tell_audit(found, asked, events[sent.count :], sent.replay_id)
        with Bar() as bar:
            bar.begin("sending", sent.count, sent.total)
            await at_rate(messages[sent.count :], asked, sender, sent, bar)


async def _tell_audit(found: Found, asked: Publish, events: Sequence[Event], id_: str) -> None:
    """Of each tenant, before anything is sent: what is broken off is told of as well."""
    for tenant_id, count in Counter(one.context.tenant_id for one in events).items():
        reason = f"{asked.reason} ({counted(count, 'record', 'records')}, {id_})"
        await tell_if_possible(found, tenant_id, asked.by, "replay.publish", reason=reason)


async def at_rate(
    messages: Sequence[Message], asked: Publish, sender: Sender, sent: Sent, bar: Bar
) -> None:
    """A chunk, its acknowledgements, its note, then a pause as long as the rate asks for.

    CliError (3): even of the first chunk that fails some may have been taken."""
    size = max(1, min(MOST_AT_ONCE, asked.rate // CHUNKS_A_SECOND))
    clock = asyncio.get_running_loop().time
    begun_at = clock()
    for first in range(0, len(messages), size):
        chunk = [marked(one, sent.replay_id, asked) for one in messages[first : first + size]]
        try:
            await sender.send(chunk)
        except CliError as error:
            line = f"{sent.count:,} of {sent.total:,} were sent, and perhaps some of the next"
            raise CliError(f"{line}; the same command does the rest: {error}", PARTLY) from None
        sent.note(len(chunk), asked.reason, asked.by)
        bar.tell(sent.count)
        if first + size < len(messages):
            await asyncio.sleep(begun_at + (first + size) / asked.rate - clock())
