"""A consumer that is in no group: whoever reads with it moves nobody's place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiokafka import AIOKafkaConsumer

from services.runtime.kafka_access import client_options
from services.runtime.record_batches import tolerate_header_names
from services.runtime.settings import Settings

STOP_SECONDS = 1.0
FETCH_BYTES = 4_194_304  # of one partition: some thousand records, or the way there is felt
FETCH_WAIT_MS = 100


@asynccontextmanager
async def reading(settings: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    """Partitions are given to it by hand. Whatever happens, its connections are closed.

    While its fetcher gives up partitions it misses that it is to stop, and would wait for others
    for ever; told a second time, which is what the timeout does, it hears.
    """
    tolerate_header_names()
    consumer = AIOKafkaConsumer(
        **client_options(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",  # of what retention takes away while it is read
        fetch_max_wait_ms=FETCH_WAIT_MS,
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    try:
        await consumer.start()
        await asyncio.sleep(0)  # its tasks begin: to stop it before that raises CancelledError
        yield consumer
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(consumer.stop(), STOP_SECONDS)
