"""Reads the dead letter topics from their beginning to their end."""

import asyncio

from contracts.envelope import Record
from contracts.participants import participants
from contracts.topics import dead_letter_topic
from services.cli.letters import Letter, letters_in, with_sagas
from services.cli.printing import quiet
from services.cli.projection import open_projection
from services.cli.running_stack import Found
from services.cli.topic_logs import SILENCE_SECONDS, Logs, open_logs, record_of
from services.runtime.settings import Settings

MOST_AT_ONCE = 1000


async def letters_of(found: Found) -> list[Letter]:
    """All letters of all services, the oldest first. CliError (1) if a server does not answer."""
    quiet()
    records = await _records(found.settings)
    letters = letters_in(records, found.settings.reader())
    wanted = sorted({one.saga_id for one in letters if one.parked and one.now == "open"})
    if wanted:
        async with open_projection(found) as store:
            for first in range(0, len(wanted), MOST_AT_ONCE):
                sagas = await store.read_sagas(wanted[first : first + MOST_AT_ONCE])
                letters = with_sagas(letters, sagas)
    return sorted(letters, key=lambda one: (one.at, one.place))


async def _records(settings: Settings) -> list[Record]:
    topics = {dead_letter_topic(one.name, settings.prefix) for one in participants()}
    async with open_logs(settings, topics) as logs:
        if not logs.partitions:
            return []
        await logs.consumer.seek_to_beginning(*logs.partitions)
        return await _to_the_end(logs)


async def _to_the_end(logs: Logs) -> list[Record]:
    """Tansu tells an end that is too low, one past the first record of the last batch; who has come
    so far has that batch whole."""
    consumer, records = logs.consumer, list[Record]()
    ends = await consumer.end_offsets(logs.partitions)
    clock = asyncio.get_running_loop().time
    heard_at = clock()
    while any([await consumer.position(one) < ends[one] for one in logs.partitions]):
        found = await consumer.getmany(timeout_ms=200)
        fresh = [record_of(one) for some in found.values() for one in some]
        heard_at = clock() if fresh else heard_at
        if clock() - heard_at > SILENCE_SECONDS:
            raise TimeoutError
        records += fresh
    return records
