"""How old what is being sent is: since the oldest that is not acknowledged yet."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry, Gauge
from runtime_given import Clock

from services.runtime.memory import MemoryLog
from services.runtime.timed_log import TimedLog


class SlowLog:
    """Acknowledges when told to."""

    def __init__(self) -> None:
        self.acknowledged = asyncio.Event()
        self.failure: Exception | None = None

    async def publish(self, messages):
        await self.acknowledged.wait()
        if self.failure:
            raise self.failure
        return []


def age() -> Gauge:
    return Gauge("age_seconds", "How old", registry=CollectorRegistry())


def value(gauge: Gauge) -> float:
    ((sample, *_),) = [metric.samples for metric in gauge.collect()]
    return sample.value


@pytest.mark.parametrize("failure", [None, OSError()])
async def test_it_grows_from_the_first_that_waits_until_all_are_acknowledged(failure):
    gauge, slow = age(), SlowLog()
    slow.failure = failure
    log = TimedLog(slow, gauge)
    assert value(gauge) == 0
    first, second = (asyncio.create_task(log.publish([])) for _ in range(2))
    await asyncio.sleep(0)
    one, two = value(gauge), value(gauge)
    assert 0 < one < two
    slow.acknowledged.set()
    await asyncio.gather(first, second, return_exceptions=True)
    assert value(gauge) == 0


async def test_it_says_where_each_stands_as_the_log_does():
    assert await TimedLog(MemoryLog(Clock()), age()).publish([]) == []
