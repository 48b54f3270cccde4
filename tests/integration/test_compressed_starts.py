"""Starts in compressed record batches: whatever codec a producer was set to, they are read."""

import pytest
from aiokafka import AIOKafkaProducer

from tests.integration import starts
from tests.integration.system import System

CODECS = ("gzip", "snappy", "lz4", "zstd")
FEW = 20
LARGER_THAN_ANY_COPY = 2_000_000


def compressing(kafka: str, codec: str) -> AIOKafkaProducer:
    """It gathers what is sent within 100 ms, for a single start is too short to be compressed."""
    return AIOKafkaProducer(
        bootstrap_servers=kafka,
        compression_type=codec,
        linger_ms=100,
        max_request_size=2 * LARGER_THAN_ANY_COPY,
    )


@pytest.mark.parametrize("codec", CODECS)
async def test_starts_in_a_compressed_batch_complete(shared: System, codec: str):
    sent = [starts.start(correlation_id=f"{codec}-{n}") for n in range(FEW)]
    async with compressing(shared.kafka, codec) as producer:
        await starts.send_by(producer, shared.start_topic, sent)
    await shared.completed(FEW, correlation_id={"$regex": f"^{codec}-"})


async def test_a_compressed_record_too_large_to_be_copied_is_a_dead_letter_without_its_value(
    shared: System,
):
    """The broker counts the compressed bytes, so far larger records come through than it takes."""
    sent = starts.start(correlation_id="inflated").with_value(b"x" * LARGER_THAN_ANY_COPY)
    async with compressing(shared.kafka, "gzip") as producer:
        (place,) = await starts.send_by(producer, shared.start_topic, [sent])
    for service in ("registration", "saga-state"):
        (letter,) = await shared.dead_letters_of({place}, service)
        assert (letter.key, letter.value) == (None, None)
        assert letter.header("dlq_error_class") == "TOO_LARGE"
        assert letter.header("dlq_value_left_out") == str(LARGER_THAN_ANY_COPY)
