"""`onboarding replay publish`: the records of an export, sent to the topics of a system once more.

They have their old ids, so that a step which knows them says the same again and no more. What was
sent is noted after each chunk; the same command then goes on, and at worst sends one chunk twice.
"""

import asyncio
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import typer
from rich.text import Text

from contracts.envelope import Headers, Message, Record
from contracts.events import event_names
from contracts.topics import event_topic
from services.cli.errors import NO, PARTLY, USAGE, CliError
from services.cli.options import Output, one_of
from services.cli.printing import answer_one, counted, note, quiet
from services.cli.progress import Bar
from services.cli.replay.archive import read_archive
from services.cli.replay.sources import folder_of, own_reader, sagas_in, source_of
from services.cli.running_stack import Found, find_stack
from services.cli.sending import Sender, sending

REPLAY_ID, REASON, BY = "replay_id", "replay_reason", "replay_by"
_TRACE = frozenset({"traceparent", "tracestate", REPLAY_ID, REASON, BY})
CHUNKS_A_SECOND, MOST_AT_ONCE = 5, 500


@dataclass(frozen=True, slots=True)
class Publish:
    """What is sent, why and by whom, so many records a second; `types`: only these events."""

    source: str
    to_live: bool
    reason: str
    by: str
    rate: int
    types: Sequence[str] = ()
    dry_run: bool = False
    agreed: str | None = None
    again: bool = False
    output: Output = Output.TABLE


def publish(asked: Publish, data: Path | None) -> None:
    """CliError: 1 not agreed, or sent before; 2 usage; 3 partly sent, the same command goes on."""
    for name in asked.types:
        one_of("--type", name, event_names())
    path, found = source_of(asked.source, data), find_stack(data, ("kafka",))
    quiet()
    messages = messages_of(path, asked, found)
    replay_id = replay_id_of(messages, found.settings.kafka)
    told = _told(messages, replay_id, asked)
    if asked.dry_run:
        _say(told, f"would be sent to {found.settings.kafka}", asked.output)
        return
    sent = Sent(folder_of(data) / f"{replay_id}.sent.json", asked.again)
    _agree(asked, found, told, sent.count)
    asyncio.run(_send(messages[sent.count :], found, asked, sent))
    _say({**told, "sent": len(messages)}, f"sent to {found.settings.kafka}", asked.output)


def messages_of(path: Path, asked: Publish, found: Found) -> list[Message]:
    """What is to be sent, in the order of the file. Of dead letter topics nothing: a wish of a
    person that is sent again would be granted again. CliError (1) if nothing is left."""
    records, prefix = read_archive(path).records, found.settings.prefix
    sagas_in(records, own_reader(found.settings), path)
    wanted = {event_topic(name) for name in asked.types or event_names()}
    chosen = [one for one in records if one.topic in wanted]
    if left := len(records) - len(chosen):
        note(f"{counted(left, 'record is', 'records are')} left out: no event, or not of --type")
    if not chosen:
        raise CliError(f"{path}: no record is to be sent")
    return [_message(one, prefix) for one in chosen]


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


class Sent:
    """How many of a replay were sent, in a file beside the imports."""

    def __init__(self, path: Path, again: bool) -> None:
        self._path = path
        self.replay_id = path.name.removesuffix(".sent.json")
        self.count = 0 if again or not path.exists() else json.loads(path.read_text())["sent"]

    def note(self, count: int, total: int, asked: Publish) -> None:
        """So many more; whole or not at all."""
        self.count += count
        told = {"sent": self.count, "of": total, "reason": asked.reason, "by": asked.by}
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(told))
        part.replace(self._path)


def _message(record: Record, prefix: str) -> Message:
    headers: Headers = tuple(
        (name, value) for name, value in record.headers if name.lower() not in _TRACE
    )
    name = f"{record.topic}/{record.partition}/{record.offset}"
    return Message(name, f"{prefix}{record.topic}", record.key, record.value, headers)


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


async def _send(messages: Sequence[Message], found: Found, asked: Publish, sent: Sent) -> None:
    total = sent.count + len(messages)
    try:
        async with sending(found.settings) as sender:
            with Bar() as bar:
                bar.begin("sending", sent.count, total)
                await at_rate(messages, asked, sender, sent, bar)
    except CliError as error:
        if not sent.count:
            raise
        line = f"{sent.count:,} of {total:,} were sent; the same command does the rest"
        raise CliError(f"{line}: {error}", PARTLY) from None


async def at_rate(
    messages: Sequence[Message], asked: Publish, sender: Sender, sent: Sent, bar: Bar
) -> None:
    """A chunk, its acknowledgements, its note, then a pause as long as the rate asks for."""
    size = max(1, min(MOST_AT_ONCE, asked.rate // CHUNKS_A_SECOND))
    clock = asyncio.get_running_loop().time
    begun_at, total = clock(), sent.count + len(messages)
    for first in range(0, len(messages), size):
        chunk = [marked(one, sent.replay_id, asked) for one in messages[first : first + size]]
        await sender.send(chunk)
        sent.note(len(chunk), total, asked)
        bar.tell(sent.count)
        if first + size < len(messages):
            await asyncio.sleep(begun_at + (first + size) / asked.rate - clock())
