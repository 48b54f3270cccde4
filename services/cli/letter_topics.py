"""Reads the dead letter topics from their beginning to their end, without a consumer group."""

from contracts.envelope import Record
from contracts.participants import participants
from contracts.topics import dead_letter_topic
from services.cli.letters import Letter, letters_in, with_sagas
from services.cli.log_reading import read, reading, spans_of
from services.cli.printing import quiet
from services.cli.projection import open_projection
from services.cli.reaching import asking_kafka
from services.cli.running_stack import Found
from services.runtime.settings import Settings

MOST_AT_ONCE = 1000


async def letters_of(found: Found) -> list[Letter]:
    """All letters of all services, the oldest first. CliError (1) if a server does not answer."""
    quiet()
    async with asking_kafka(found.settings):
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
    topics = [dead_letter_topic(one.name, settings.prefix) for one in participants()]
    async with reading(settings) as consumer:
        spans = await spans_of(consumer, settings, topics)
        return [one for span in spans async for some in read(consumer, span) for one in some]
