"""A log that ends before what a group has read: its service says so and stops, instead of passing
over all that comes until the log is as long again."""

import json
import signal

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import CommitFailedError

from tests.integration.outside import PARTITIONS
from tests.integration.polling import until, until_nothing
from tests.integration.tiny import Tiny, Worker

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(400)]


async def made_anew(tiny: Tiny) -> None:
    topic = tiny.topic("in")
    admin = AIOKafkaAdminClient(bootstrap_servers=tiny.servers.kafka)
    await admin.start()
    try:
        await admin.delete_topics([topic])

        async def gone() -> bool:
            return topic not in await admin.list_topics()

        async def there() -> bool:
            return topic in await admin.list_topics()

        await until("a topic that is gone", gone)
        await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
        await until("a topic that is there", there)
    finally:
        await admin.close()


async def stand_at(tiny: Tiny, offset: int) -> None:
    """Where the group stands, as a restored or cut log leaves it behind; kafka-consumer-groups.sh
    sets it so with --reset-offsets."""
    partitions = [TopicPartition(tiny.topic("in"), one) for one in range(PARTITIONS)]
    async with AIOKafkaConsumer(
        bootstrap_servers=tiny.servers.kafka,
        group_id=f"{tiny.prefix}onboarding.tiny",
        enable_auto_commit=False,
    ) as consumer:
        consumer.assign(partitions)

        async def committed() -> bool:
            try:
                await consumer.commit(dict.fromkeys(partitions, offset))
            except CommitFailedError:  # the session of the worker before is not over
                return False
            return True

        await until("a commit", committed)


async def test_a_service_that_has_read_further_than_the_log_goes_says_so_and_stops(tiny: Tiny):
    await tiny.send(range(8))
    await stand_at(tiny, 1000)
    stopped = await tiny.start()
    assert await stopped.code() == 70
    told = json.loads(stopped.log.strip().splitlines()[-1])
    group, topic = f"{tiny.prefix}onboarding.tiny", tiny.topic("in")
    assert told["event"] == "process.fail_stop"
    assert f"{group} has read {topic}/0 up to 1000, but that log ends at" in told["why"]
    assert f"--reset-offsets --to-earliest --group {group} --topic {topic}" in told["why"]
    assert await tiny.numbers() == []

    if tiny.servers.broker == "apache":  # the embedded one never ends the session of the dead
        await stand_at(tiny, 0)
        await tiny.start()
        await tiny.until_said(range(8))


async def test_an_empty_log_stops_it_too(tiny: Tiny):
    """To close what had looked at an empty log hung, and the service with it."""
    await stand_at(tiny, 1000)
    stopped = await tiny.start()
    assert await stopped.code() == 70
    assert "up to 1000, but that log ends at 0:" in stopped.log


async def test_a_topic_that_was_made_anew_while_its_service_was_stopped_is_read_from_the_beginning(
    tiny: Tiny,
):
    """With the topic the broker deletes what groups have committed of it."""
    worker = await (await tiny.start()).ready()
    await tiny.send(range(40))
    await tiny.until_said(range(40))
    await until_nothing("committed", tiny.unread)
    worker.signal(signal.SIGTERM)
    assert await worker.code() == 0
    await made_anew(tiny)
    await tiny.send([1001])
    await tiny.start()
    await tiny.until_said([1001])


async def test_who_has_read_all_there_is_goes_on_whatever_end_a_broker_tells(tiny: Tiny):
    """The embedded broker tells of batches of many records an end that is too low."""
    await tiny.send(range(30))
    worker = await (await tiny.start()).ready()
    await tiny.until_said(range(30))
    await until_nothing("committed", tiny.unread)
    successor = await (await tiny.start()).ready()  # the partitions are assigned once more
    for one in (worker, successor):
        await until("a look at the ends", lambda one=one: _has_looked(one))
        assert one.process.returncode is None
    await tiny.send([2001])
    await tiny.until_said([2001])


async def _has_looked(worker: Worker) -> bool:
    return '"event":"ends.seen"' in worker.log
