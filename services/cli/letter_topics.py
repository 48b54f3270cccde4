"""Reads the dead letter topics from their beginning to their end, for a command."""

from collections.abc import Mapping, Sequence

from saga_state.document import Saga
from services.cli.printing import quiet
from services.cli.projection import open_projection
from services.cli.running_stack import Found
from services.cli.topic_logs import open_logs
from services.letters.found import letter_topics, letters_among, records_of
from services.letters.letter import Letter


async def letters_of(found: Found) -> list[Letter]:
    """All letters of all services, the oldest first. CliError (1) if a server does not answer."""
    quiet()

    async def read_sagas(ids: Sequence[str]) -> Mapping[str, Saga]:
        async with open_projection(found) as store:
            return await store.read_sagas(ids)

    async with open_logs(found.settings, letter_topics(found.settings.prefix)) as logs:
        records = await records_of(logs.consumer, logs.partitions)
    return await letters_among(records, found.settings.reader(), read_sagas)
