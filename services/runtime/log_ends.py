"""Stops a service whose group has read further than a log goes: the topic was made anew.

Faust passes over all records before the place that the group has committed, so such a service would
do nothing, and say nothing, until the new log is as long as the old one was.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from contracts.topics import group
from services.runtime.kafka import transient
from services.runtime.kafka_places import open_places
from services.runtime.patience import patiently
from services.runtime.settings import Settings
from services.runtime.vitals import Vitals, fail_stop
from services.runtime.watching import Partition, Places

PATIENCE_SECONDS = 5.0  # an end that is told may be too low for a moment: it is asked for again
PAUSE_SECONDS = 1.0
log = structlog.get_logger()
Stop = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Past:
    """A group that stands at `committed` in a log that ends at `end`."""

    group: str
    partition: Partition
    committed: int
    end: int

    def __str__(self) -> str:
        topic, number = self.partition
        stands = f"{self.group} has read {topic}/{number} up to {self.committed}"
        reset = f"--reset-offsets --to-earliest --group {self.group} --topic {topic} --execute"
        tool = "kafka-consumer-groups.sh --bootstrap-server $ONBOARDING_KAFKA"
        return (
            f"{stands}, but that log ends at {self.end}: the topic was made anew. "
            f"Stop all of {self.group}, then reset every partition of it: {tool} {reset}"
        )


async def stop_past_the_end(
    name: str, settings: Settings, vitals: Vitals, stop: Stop = fail_stop
) -> None:
    """Looks once after each assignment; exit 70 with one line if a log is shorter than was read."""
    looked: tuple[str, ...] = ()
    while True:
        assigned = vitals.partitions if vitals.joined else ()
        if assigned and assigned != looked:
            await _look(group(name, settings.prefix), settings, vitals, assigned, stop)
            looked = assigned
        await asyncio.sleep(PAUSE_SECONDS)


async def _look(
    group_name: str, settings: Settings, vitals: Vitals, assigned: Sequence[str], stop: Stop
) -> None:
    """It stops before it closes its connections: to close them may hang where a log is empty."""
    pairs = [one.rpartition("/") for one in assigned]
    partitions = [(topic, int(number)) for topic, _, number in pairs]
    async with open_places(settings) as places:
        found = await patiently(
            "kafka", vitals, lambda: past_the_end(places, group_name, partitions), transient
        )
        if found:
            stop(str(found[0]))
        log.info("ends.seen", partitions=len(assigned))


async def past_the_end(
    places: Places,
    group_name: str,
    partitions: Sequence[Partition],
    patience_seconds: float = PATIENCE_SECONDS,
) -> list[Past]:
    """Where the group has read further than the log goes, and still has after the patience."""
    deadline = time.monotonic() + patience_seconds
    while True:
        committed = await places.of_group(group_name, partitions)
        ends = await places.ends(sorted({topic for topic, _ in committed}))
        found = [
            Past(group_name, one, offset, ends[one])
            for one, offset in committed.items()
            if one in ends and offset > ends[one]
        ]
        if not found or time.monotonic() >= deadline:
            return found
        await asyncio.sleep(min(PAUSE_SECONDS, patience_seconds))
